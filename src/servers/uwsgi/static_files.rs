//! The options about files that uWSGI serves by itself, without the app.

use serde::Serialize;

use crate::servers::Call;
use crate::servers::option::Values;

/// The file whose media types count if the line names none. In a tab it stands for what `CPython`'s
/// `mimetypes` knows (`src/python/servers/uwsgi/static_files.py`).
const MEDIA_TYPES: &str = "/etc/mime.types";
/// Endings in it: a test in `CPython` counts them.
const MEDIA_TYPE_ENTRIES: usize = 198;
/// Options that have uWSGI read the media types.
const READ_MEDIA_TYPES: [&str; 15] = [
    "--check-static",
    "--check-static-docroot",
    "--static-map",
    "--static-map2",
    "--static-skip-ext",
    "--static-index",
    "--static-safe",
    "--static-expires-type",
    "--static-expires-type-mtime",
    "--static-gzip-all",
    "--static-gzip-dir",
    "--static-gzip-ext",
    "--mimefile",
    "--file-serve-mode",
    "--static-cache-paths",
];

/// Which files uWSGI serves, and how. What is serialized is part of
/// `src/python/servers/uwsgi/options.py`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StaticFiles {
    /// What is printed of the media types.
    #[serde(skip)]
    pub printed: Vec<String>,
    /// Directories in which the path is looked for (`--check-static`).
    pub check_static: Vec<String>,
    /// `prefix=directory`, of which the prefix is taken off the path.
    pub static_maps: Vec<String>,
    /// `prefix=directory`, to which the whole path is appended.
    pub static_maps2: Vec<String>,
    /// Endings of files that are left to the app.
    pub static_skip_ext: Vec<String>,
    /// What is looked for in a directory.
    pub static_index: Vec<String>,
    /// Directories that links may lead to.
    pub static_safe: Vec<String>,
    /// `type=seconds` after the request at which an answer expires.
    pub static_expires_type: Vec<String>,
    /// `type=seconds` after the file's change at which an answer expires.
    pub static_expires_type_mtime: Vec<String>,
    /// Whether a compressed variant of each file is looked for.
    pub static_gzip_all: bool,
    /// Prefixes of files that may have one.
    pub static_gzip_dir: Vec<String>,
    /// Endings of files that may have one.
    pub static_gzip_ext: Vec<String>,
    /// Files with media types, if the line names any.
    pub mime_files: Vec<String>,
    /// Whether a part of a file may be asked for.
    pub honour_range: bool,
    /// The header that names the file to a proxy, which sends it.
    pub file_serve_header: Option<&'static str>,
}

impl StaticFiles {
    /// What the values say.
    ///
    /// # Errors
    /// What is printed instead, before it exits with 1.
    pub(super) fn read(values: &Values, call: &Call) -> Result<Self, String> {
        let all = |name: &str| -> Vec<String> {
            let given = values.all(name).into_iter();
            given.map(str::to_owned).collect()
        };
        let pairs = |name: &str, wrong: String| {
            let given = all(name);
            let whole = given.iter().all(|pair| pair.contains('='));
            if whole { Ok(given) } else { Err(wrong) }
        };
        let map = |name| {
            let wrong = "invalid document root in static map, syntax mountpoint=docroot";
            pairs(name, wrong.to_owned())
        };
        let expires = |name: &str| {
            let bare = name.trim_start_matches('-');
            pairs(name, format!("invalid dictionary syntax for {bare}"))
        };
        let mime_files = all("--mimefile");
        Ok(Self {
            printed: printed(values, &mime_files, call),
            check_static: all("--check-static"),
            static_maps: map("--static-map")?,
            static_maps2: map("--static-map2")?,
            static_skip_ext: all("--static-skip-ext"),
            static_index: all("--static-index"),
            static_safe: all("--static-safe"),
            static_expires_type: expires("--static-expires-type")?,
            static_expires_type_mtime: expires("--static-expires-type-mtime")?,
            static_gzip_all: values.flag("--static-gzip-all"),
            static_gzip_dir: all("--static-gzip-dir"),
            static_gzip_ext: all("--static-gzip-ext"),
            mime_files,
            honour_range: values.flag("--honour-range"),
            file_serve_header: file_serve_header(&all("--file-serve-mode")),
        })
    }
}

/// The last value that means something.
fn file_serve_header(modes: &[String]) -> Option<&'static str> {
    let header = |mode: &String| match mode.to_ascii_lowercase().as_str() {
        "x-sendfile" | "xsendfile" => Some("X-Sendfile"),
        "x-accel-redirect" | "xaccelredirect" | "nginx" => Some("X-Accel-Redirect"),
        _ => None,
    };
    modes.iter().rev().find_map(header)
}

fn printed(values: &Values, mime_files: &[String], call: &Call) -> Vec<String> {
    if READ_MEDIA_TYPES
        .iter()
        .all(|name| values.given(name).is_none())
    {
        return Vec::new();
    }
    let building = |file: &str, entries| {
        format!("building mime-types dictionary from file {file}...{entries} entry found")
    };
    if mime_files.is_empty() {
        return vec![building(MEDIA_TYPES, MEDIA_TYPE_ENTRIES)];
    }
    let line = |file: &String| match call.text(file) {
        Some(text) => building(file, entries(text)),
        None => format!("!!! no {file} file found !!!"),
    };
    mime_files.iter().map(line).collect()
}

/// How many endings the text of a file with media types has. Python reads them:
/// `src/python/servers/uwsgi/static_files.py`.
fn entries(text: &str) -> usize {
    let of_line = |line: &str| {
        if !line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return 0;
        }
        let Some((_, endings)) = line.split_once([' ', '\t']) else {
            return 0;
        };
        let endings = endings.trim_start_matches([' ', '\t']);
        let Some(last) = endings
            .rsplit([' ', '\t'])
            .next()
            .filter(|_| !endings.is_empty())
        else {
            return 0;
        };
        // Each blank ends an ending, and the last one has none behind it.
        let blanks = endings.bytes().filter(|byte| b" \t".contains(byte)).count();
        blanks + usize::from(last.len() > 1)
    };
    // What has no line end is no line.
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();
    lines.into_iter().map(of_line).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::testing::{launch, printed as complaint};
    use crate::testing::test;

    #[test]
    fn endings_are_counted_as_the_original_counts_them() {
        let text = "# no type\ntext/css css\ntext/x-c c h\ntext/x-h h x\nimage/none\n";
        assert_eq!(entries(text), 1 + 1 + 1);
        assert_eq!(entries("text/html html\thtm\nno/end end"), 2);
    }

    #[test]
    fn a_map_without_a_directory_is_refused() {
        let wrong = "invalid document root in static map, syntax mountpoint=docroot";
        assert_eq!(
            complaint("uwsgi --http :8000 --static-map /s"),
            (wrong.to_owned(), 1)
        );
        let wrong = "invalid dictionary syntax for static-expires-type";
        assert_eq!(
            complaint("uwsgi --http :8000 --static-expires-type text/css"),
            (wrong.to_owned(), 1)
        );
    }

    #[test]
    fn a_server_of_files_says_which_media_types_it_has_read() {
        let own = |line: &str| {
            launch(line)
                .uwsgi()
                .map(|own| own.static_files.printed.clone())
        };
        let said = "building mime-types dictionary from file /etc/mime.types...198 entry found";
        assert_eq!(
            own("uwsgi --http :8000 --static-map /s=static"),
            Some(vec![said.to_owned()])
        );
        assert_eq!(own("uwsgi --http :8000"), Some(Vec::new()));
    }
}
