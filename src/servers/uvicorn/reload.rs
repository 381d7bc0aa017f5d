//! `--reload`: which files are watched.

use crate::os::Millis;
use crate::servers::option::Values;
use crate::servers::{Call, absolute, python};

/// What uvicorn's reloader looks after.
#[derive(Debug, PartialEq)]
pub struct Reload {
    /// The directories as the log lists them.
    pub watched: String,
    /// The least time between two reloads, milliseconds.
    pub delay: Millis,
    /// Whether `--workers` was given too.
    pub ignores_workers: bool,
    /// The working directory, with a slash behind it.
    directory: String,
    rules: Vec<Rule>,
}

/// A directory to watch, absolute and with a slash behind it, or a pattern of files.
#[derive(Debug, PartialEq)]
struct Rule(Kind, String);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Directory,
    Include,
    Exclude,
}

impl Reload {
    pub(super) fn new(values: &Values, ignores_workers: bool, call: &Call) -> Self {
        let mut reload = Self {
            watched: String::new(),
            delay: delay(values.text("--reload-delay")),
            ignores_workers,
            directory: format!("{}/", call.cwd),
            rules: Vec::new(),
        };
        for (kind, name) in [
            (Kind::Include, "--reload-include"),
            (Kind::Exclude, "--reload-exclude"),
        ] {
            for pattern in values.all(name) {
                reload.rules.push(Rule(kind, pattern.to_owned()));
            }
        }
        for (kind, other, pattern) in [
            (Kind::Include, Kind::Exclude, "*.py"),
            (Kind::Exclude, Kind::Include, ".*"),
            (Kind::Exclude, Kind::Include, ".py[cod]"),
            (Kind::Exclude, Kind::Include, ".sw.*"),
            (Kind::Exclude, Kind::Include, "~*"),
        ] {
            // A default gives way to the same pattern on the other side.
            if !reload.any(other, |given| given == pattern) {
                reload.rules.push(Rule(kind, pattern.to_owned()));
            }
        }
        let mut directories = values.all("--reload-dir");
        if directories.is_empty() {
            directories.push(".");
        }
        let directories: Vec<String> = directories
            .into_iter()
            .map(|directory| absolute(call.cwd, directory))
            .collect();
        let shown: Vec<String> = directories.iter().map(|path| python::repr(path)).collect();
        reload.watched = format!("[{}]", shown.join(", "));
        let rule = |path: &String| Rule(Kind::Directory, format!("{path}/"));
        reload.rules.extend(directories.iter().map(rule));
        reload
    }

    fn any(&self, kind: Kind, is: impl Fn(&str) -> bool) -> bool {
        self.rules.iter().any(|rule| rule.0 == kind && is(&rule.1))
    }

    /// Whether a change of the file at this absolute path is one.
    #[must_use]
    pub fn watches(&self, path: &str) -> bool {
        let from_here = self.shown(path);
        let excluded = |pattern: &str| {
            path_matches(path, pattern)
                || from_here
                    .split_once('/')
                    .is_some_and(|(directory, _)| directory == pattern)
        };
        self.any(Kind::Directory, |directory| path.starts_with(directory))
            && self.any(Kind::Include, |pattern| {
                path_matches(path, pattern)
                    && (path.ends_with(pattern) || !self.any(Kind::Exclude, excluded))
            })
    }

    /// A path as the log shows it: from the working directory, if it is in there.
    #[must_use]
    pub fn shown<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(&*self.directory).unwrap_or(path)
    }
}

/// Seconds, as Python writes a float, in milliseconds.
fn delay(seconds: &str) -> Millis {
    let seconds: f64 = seconds.trim().replace('_', "").parse().unwrap_or(0.25);
    seconds.max(0.0) * 1000.0
}

/// `PurePath.match`: a pattern is matched from the right, part by part.
fn path_matches(path: &str, pattern: &str) -> bool {
    let mut parts = path.rsplit('/');
    pattern.rsplit('/').all(|pattern| {
        parts
            .next()
            .is_some_and(|part| matches(part.as_bytes(), pattern.as_bytes()))
    })
}

/// `fnmatch.fnmatchcase`, of bytes. By hand: `globset` gives a meaning to braces, backslashes and
/// `**`, which Python does not, and brings an engine of regular expressions.
///
/// Of several stars only the last has to give way: whatever the earlier ones took, it can take.
fn matches(name: &[u8], pattern: &[u8]) -> bool {
    let (mut name, mut pattern) = (name, pattern);
    // What is behind the last star, and the name from where it has taken nothing more.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([], []) => return true,
            ([b'*', rest @ ..], _) => {
                pattern = rest;
                star = Some((rest, name));
            }
            ([_, ..], [first, after @ ..]) if let Some(rest) = matches_one(*first, pattern) => {
                (name, pattern) = (after, rest);
            }
            _ => {
                let Some((behind, [_, after @ ..])) = star else {
                    return false;
                };
                (name, pattern) = (after, behind);
                star = Some((behind, after));
            }
        }
    }
}

/// The rest of a pattern whose beginning, which is no star, stands for this byte.
fn matches_one(byte: u8, pattern: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    let (matched, rest) = match first {
        b'?' => (true, rest),
        b'[' if let Some(end) = rest.iter().position(|byte| *byte == b']') => {
            let (set, behind) = rest.split_at(end);
            (set.contains(&byte), behind.get(1..).unwrap_or_default())
        }
        // A set without an end is none.
        first => (first == byte, rest),
    };
    matched.then_some(rest)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::Reload;
    use crate::servers::Launch;
    use crate::servers::testing::launch;
    use crate::testing::test;

    fn reload(launch: &Launch) -> Option<Rc<Reload>> {
        launch.uvicorn()?.reload.clone()
    }

    fn watches(options: &str, path: &str) -> bool {
        let launch = launch(&format!("uvicorn --reload {options} app:app"));
        reload(&launch).is_some_and(|reload| reload.watches(path))
    }

    #[test]
    fn the_delay_is_read_in_seconds() {
        for (options, delay) in [
            ("", 250.0),
            ("--reload-delay 2", 2000.0),
            ("--reload-delay .5", 500.0),
        ] {
            let launch = launch(&format!("uvicorn --reload {options} app:app"));
            assert_eq!(
                reload(&launch).map(|reload| reload.delay),
                Some(delay),
                "{options}"
            );
        }
    }

    #[test]
    fn python_files_in_the_working_directory_are_watched() {
        for (path, watched) in [
            ("/home/web/app.py", true),
            ("/home/web/deep/in/app.py", true),
            ("/home/web/app.pyc", false),
            ("/home/web/.hidden.py", false),
            ("/home/web/~app.py", false),
            ("/home/web/page.html", false),
            ("/elsewhere/app.py", false),
        ] {
            assert_eq!(watches("", path), watched, "{path}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_one() {
        let many = format!("--reload-include '{}b'", "*a".repeat(40));
        let path = format!("/home/web/{}", "a".repeat(200));
        assert!(!watches(&many, &path));
        assert!(watches(&many, &format!("{path}b")));
    }

    #[test]
    fn patterns_add_files_and_take_files_away() {
        for (options, path, watched) in [
            ("--reload-include '*.html'", "/home/web/a/page.html", true),
            ("--reload-include 'a/*.html'", "/home/web/page.html", false),
            ("--reload-exclude 'test_*'", "/home/web/test_app.py", false),
            ("--reload-exclude 'tests'", "/home/web/tests/app.py", false),
            ("--reload-exclude '*.py'", "/home/web/app.py", false),
            ("--reload-dir src", "/home/web/app.py", false),
            ("--reload-dir src", "/home/web/src/app.py", true),
            ("--reload-dir src --reload-dir /lib", "/lib/app.py", true),
        ] {
            assert_eq!(watches(options, path), watched, "{options} {path}");
        }
    }
}
