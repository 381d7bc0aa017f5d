//! A fuzz target: found, built with what libFuzzer needs to see where an input leads, and run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use super::outcome::{Finding, Outcome, last_words, written_to};
use crate::cargo;
use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};

/// Each edge of the program counts how often it was taken, and tells what it compares.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];
const REMEDY: &str = "install Rust (rustup.rs), and a C++ compiler (on Debian, g++), which builds \
                      libFuzzer.";
/// Longer inputs find little more, and take longer.
const LONGEST_INPUT: &str = "-max_len=1024";
/// An input that takes longer hangs, seconds.
const TIME: &str = "-timeout=10";
/// Memory that a target may have, MB.
const MEMORY: &str = "-rss_limit_mb=2048";
/// Tries to make a finding shorter.
const SHORTER: &str = "-runs=20000";

/// A fuzz target.
#[derive(Debug)]
pub(super) struct Target {
    /// Its name, which is its program's.
    pub(super) name: String,
    program: PathBuf,
    /// Inputs to begin with.
    seeds: PathBuf,
    /// Where the inputs go that reach something new, and findings.
    directory: PathBuf,
    /// Words that may make sense in an input.
    words: Vec<String>,
}

impl Target {
    /// All there are.
    pub(super) fn all(project: &Project) -> Result<Vec<Self>> {
        let sources = project::files_under(&project.path("fuzz/fuzz_targets"))?;
        let names = sources.iter().filter_map(|path| path.file_stem()?.to_str());
        names.map(|name| Self::new(project, name)).collect()
    }

    fn new(project: &Project, name: &str) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            program: directory(project)
                .join(host(project)?)
                .join("release")
                .join(name)
                .with_extension(std::env::consts::EXE_EXTENSION),
            seeds: project.path("fuzz/corpus").join(name),
            directory: directory(project).join("found").join(name),
            words: words(project, name)?,
        })
    }

    /// Tries `runs` inputs.
    pub(super) fn fuzz(&self, runs: u64, seed: u32) -> Result<Outcome> {
        // What earlier runs have gathered would make this one another.
        let gathered = self.directory.join("corpus");
        if gathered.exists() {
            fs::remove_dir_all(&gathered).map_err(Error::io("remove", &gathered))?;
        }
        project::create_dir(&gathered)?;
        project::create_dir(&self.seeds)?;
        let mut command = self.command();
        if !self.words.is_empty() {
            let dictionary = self.directory.join("words");
            project::write(&dictionary, dictionary_of(&self.words))?;
            command.arg(format!("-dict={}", dictionary.display()));
        }
        command
            .arg(LONGEST_INPUT)
            .arg(format!("-runs={runs}"))
            .arg(format!("-seed={seed}"))
            .arg("-print_final_stats=1")
            .args([&gathered, &self.seeds]);
        let begin = Instant::now();
        let output = progress::step(&format!("fuzz {}", self.name), || {
            command::output(&mut command, REMEDY)
        })?;
        if output.status.success() {
            let said = command::text(&output);
            return Ok(Outcome::passed(&said, seed, begin.elapsed()));
        }
        let again = format!("--runs {runs} --seed {seed}");
        self.found(&command, &output, again)
    }

    /// Tries one input.
    pub(super) fn play(&self, input: &Path) -> Result<Outcome> {
        let bytes = project::read(input)?;
        let mut command = self.command();
        let output = command::output(command.arg(input).env("WASGI_FUZZ_SHOW", "1"), REMEDY)?;
        let said = command::text(&output);
        eprint!("{said}");
        if output.status.success() {
            return Ok(Outcome::Passed {
                executions: 1,
                per_second: 0,
                edges: 0,
                seed: 0,
            });
        }
        Ok(Outcome::Found(Finding {
            said: last_words(&said),
            input: bytes,
            path: input.to_path_buf(),
            again: "this input".to_owned(),
        }))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let mut prefix = self.directory.join("input-").into_os_string();
        prefix = ["-artifact_prefix=".into(), prefix].into_iter().collect();
        command.args([TIME, MEMORY]).arg(prefix);
        command
    }

    /// What was found, made as short as it gets.
    fn found(&self, command: &Command, output: &Output, again: String) -> Result<Outcome> {
        let said = command::text(output);
        let Some(path) = written_to(&said) else {
            command::show(output);
            return Err(command::failed(command, output));
        };
        let short = self.directory.join("shortest");
        let mut shorten = self.command();
        let mut exact = short.clone().into_os_string();
        exact = ["-exact_artifact_path=".into(), exact]
            .into_iter()
            .collect();
        shorten
            .args(["-minimize_crash=1", SHORTER])
            .arg(exact)
            .arg(path);
        command::output(&mut shorten, REMEDY)?;
        let path = if short.exists() { &short } else { path };
        Ok(Outcome::Found(Finding {
            said: last_words(&said),
            input: project::read(path)?,
            path: path.to_path_buf(),
            again,
        }))
    }
}

/// Builds targets.
pub(super) fn build(project: &Project, targets: &[Target]) -> Result<()> {
    progress::step("Build the fuzz targets", || {
        let mut build = cargo::cargo(project);
        build
            .args(["build", "--quiet", "--locked", "--release"])
            .arg("--manifest-path=fuzz/Cargo.toml")
            // So that the flags are those of the target alone, and not of build scripts.
            .arg(format!("--target={}", host(project)?))
            .args(
                targets
                    .iter()
                    .map(|target| format!("--bin={}", target.name)),
            )
            .env("CARGO_TARGET_DIR", directory(project))
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
        command::run(&mut build, REMEDY).map(drop)
    })
}

fn directory(project: &Project) -> PathBuf {
    project.target("fuzz")
}

/// The machine that this runs on, as Rust calls it.
fn host(project: &Project) -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print=host-tuple"])
        .current_dir(&project.root);
    Ok(command::run(&mut rustc, REMEDY)?.trim().to_owned())
}

/// Words for a target: those in `fuzz/dictionaries`, and where command lines are read, the servers'
/// options.
fn words(project: &Project, target: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let own = project.path("fuzz/dictionaries").join(target);
    if own.exists() {
        let text = project::read(&own)?;
        let lines = String::from_utf8_lossy(&text);
        words.extend(lines.lines().map(str::to_owned));
    }
    let prefix = match target {
        "command_line" => "--",
        "uwsgi_ini" => "",
        _ => return Ok(words),
    };
    for path in project::files_under(&project.path("src/servers"))? {
        if path.file_name().is_some_and(|name| name == "help.txt") {
            let text = project::read(&path)?;
            let options = long_options(&String::from_utf8_lossy(&text));
            words.extend(options.iter().map(|option| format!("{prefix}{option}")));
        }
    }
    words.sort();
    words.dedup();
    Ok(words)
}

/// The names of the long options in a help text.
fn long_options(help: &str) -> Vec<String> {
    let is_part = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '-';
    let names = help.split("--").skip(1);
    names
        .map(|rest| rest.chars().take_while(is_part).collect::<String>())
        .filter(|name| !name.is_empty())
        .collect()
}

/// libFuzzer's file of words.
fn dictionary_of(words: &[String]) -> String {
    let mut text = String::new();
    for word in words {
        text.push('"');
        for byte in word.bytes() {
            match byte {
                b'"' | b'\\' => {
                    text.push('\\');
                    text.push(char::from(byte));
                }
                b' '..=b'~' => text.push(char::from(byte)),
                // Writing to a string cannot fail.
                _ => drop(write!(text, "\\x{byte:02x}")),
            }
        }
        text.push_str("\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_command_lines_are_the_servers_options() {
        let help = "  -b ADDRESS, --bind ADDRESS\n   -s|--socket  (refused) -- end --no-x\n";
        assert_eq!(long_options(help), ["bind", "socket", "no-x"]);
    }

    #[test]
    fn a_dictionary_has_a_word_a_line_in_quotes() {
        let words = ["a\"b".to_owned(), "c\\\t".to_owned()];
        assert_eq!(dictionary_of(&words), "\"a\\\"b\"\n\"c\\\\\\x09\"\n");
    }
}
