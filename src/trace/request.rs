//! What the client knows of a request, as a record for the page: whether it is answered or not.

use crate::os::{Millis, Pid};

/// What is known of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Its number in the trace.
    pub number: u32,
    /// The page's stream.
    pub stream: u32,
    /// The process that has its connection.
    pub process: Option<Pid>,
    /// When it was sent.
    pub sent_at: Millis,
    /// When its connection was accepted; `None`: it waits in the backlog.
    pub accepted_at: Option<Millis>,
    /// When the head of the answer was there.
    pub head_at: Option<Millis>,
    /// When it ended, and the number of [`crate::client::Outcome`]; `None`: it is on its way.
    pub end: Option<(Millis, u8)>,
}

impl Request {
    /// Appends a record for the page: eight numbers. Times are relative to the server's start; NaN
    /// is a time that has not come, 0 a process or an outcome that there is not.
    pub fn encode(&self, origin: Millis, out: &mut Vec<u8>) {
        let time = |at: Option<Millis>| at.map_or(Millis::NAN, |at| at - origin);
        let numbers = [
            f64::from(self.number),
            f64::from(self.stream),
            f64::from(self.process.unwrap_or(0)),
            self.sent_at - origin,
            time(self.accepted_at),
            time(self.head_at),
            time(self.end.map(|(at, _)| at)),
            f64::from(self.end.map_or(0, |(_, outcome)| outcome)),
        ];
        for number in numbers {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn what_has_not_come_is_no_time() {
        let waiting = Request {
            number: 3,
            stream: 7,
            process: None,
            sent_at: 1500.0,
            accepted_at: None,
            head_at: None,
            end: None,
        };
        let mut record = Vec::new();
        waiting.encode(1000.0, &mut record);
        let numbers: Vec<f64> = record
            .chunks_exact(8)
            .filter_map(|bytes| Some(f64::from_le_bytes(bytes.try_into().ok()?)))
            .collect();
        assert_eq!(numbers[..4], [3.0, 7.0, 0.0, 500.0]);
        assert!(numbers[4..7].iter().all(|time| time.is_nan()));
        assert_eq!(numbers[7..], [0.0]);
    }
}
