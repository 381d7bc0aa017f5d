//! What `tests/cpython/runner.py` tells, line by line.

use serde_json::Value;

/// What stands before an event, at the beginning of its line.
const MARK: &str = "@test@ ";

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It passed.
    Passed,
    /// It skipped itself.
    Skipped,
    /// It failed, or raised an error.
    Failed,
    /// It did not end in time.
    Hung,
    /// The process ended while it ran.
    Died,
}

/// A test that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    /// Its module, class and method, without the package `test`.
    pub(super) name: String,
    pub(super) status: Status,
    /// Why it was skipped, or the end of its traceback.
    pub(super) detail: String,
}

/// One thing that the runner tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A process has begun. (The server starts another in the place of one that died.)
    Begin,
    /// This test has started.
    Start(String),
    /// A test has ended; or, without a start, what surrounds tests has failed.
    Stop(Test),
    /// This test was left out, as it was told to.
    Omitted(String),
    /// An exception, this traceback, has ended the run between or inside tests.
    Broken(String),
    /// The module is through.
    End,
}

impl Event {
    /// The event in a line of the process's output, if there is one.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
        let text = |key: &str| told[key].as_str().map(str::to_owned);
        Some(match told["event"].as_str()? {
            "begin" => Self::Begin,
            "start" => Self::Start(text("test")?),
            "stop" => Self::Stop(Test {
                name: text("test")?,
                status: match told["status"].as_str()? {
                    "ok" => Status::Passed,
                    "skip" => Status::Skipped,
                    _ => Status::Failed,
                },
                detail: text("detail")?,
            }),
            "omitted" => Self::Omitted(text("test")?),
            "broken" => Self::Broken(text("detail")?),
            "end" => Self::End,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_from_what_tests_print() {
        assert_eq!(
            Event::parse("@test@ {\"event\": \"end\"}"),
            Some(Event::End)
        );
        for other in [
            "",
            "@test@ ",
            "@test@ nonsense",
            "@test@ {\"event\": \"else\"}",
            "Exception in thread @test@ {\"event\": \"end\"}",
        ] {
            assert_eq!(Event::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_tests_end_has_its_status_and_traceback() {
        let line = r#"@test@ {"event": "stop", "test": "test_queue.T.test_x", "status": "fail", "detail": "a\nb"}"#;
        assert_eq!(
            Event::parse(line),
            Some(Event::Stop(Test {
                name: "test_queue.T.test_x".into(),
                status: Status::Failed,
                detail: "a\nb".into(),
            }))
        );
    }
}
