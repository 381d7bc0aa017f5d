//! Spans on their way to the page: what processes noted, and what the client saw.

use super::computer::Machine;
use super::running::Running;
use super::server_id::ServerId;
use crate::bounds::REMEMBERED;
use crate::net::frame::{Frame, FromProcess, ToPage, push};
use crate::os::{Millis, Pid};
use crate::trace::{self, Name, Raw, Span};

/// How long spans wait for an answer to travel with: to wake the page costs more than all else
/// about them.
pub(super) const SPANS_EVERY: Millis = 100.0;

/// How far a span may begin before its server has started, or end after now: the clocks of workers
/// differ where the computer has slept between their starts.
const CLOCKS_DIFFER: Millis = 86_400_000.0;

impl Machine {
    pub(super) fn spans(
        &mut self,
        server: ServerId,
        pid: Pid,
        frame: Frame<'_, FromProcess>,
        now: Millis,
    ) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        let count = frame.body.len() / trace::LENGTH;
        let admitted = running.spans.admit(count, self.window.is_open(), now);
        let mut records = Vec::with_capacity(admitted * trace::RECORD);
        let (first, last) = (running.started_at - CLOCKS_DIFFER, now + CLOCKS_DIFFER);
        let may_be = |span: &Raw| first <= span.start && span.start <= span.end && span.end <= last;
        for span in Span::decode_all(frame.body).take(admitted).filter(may_be) {
            // What a thread does for no request in particular has no connection. Of others'
            // connections a process has nothing to tell.
            let number = match span.connection {
                0 => Some(0),
                connection if self.net.is_or_was_of(connection, pid) => {
                    self.client.number_told(connection, span.sequence)
                }
                _ => None,
            };
            let Some(number) = number else {
                continue;
            };
            if span.name == Name::App as u8 {
                self.app_ends.insert(number, span.end);
            }
            trace::encode_record(number, pid, &span, running.started_at, &mut records);
        }
        if !records.is_empty() {
            self.push_spans(server, &records, now);
        }
    }

    fn push_spans(&mut self, server: ServerId, records: &[u8], now: Millis) {
        self.window.send(records.len());
        push(&mut self.spans, ToPage::Spans, server.number, records);
        self.spans_until.get_or_insert(now + SPANS_EVERY);
    }

    /// What the client saw: the connect, and the last byte of the answer.
    pub(super) fn client_spans(&mut self, now: Millis) {
        while let Some(seen) = self.client.seen.pop_front() {
            let on_port =
                |running: &Running| running.launch.binds.iter().any(|bind| bind.1 == seen.port);
            let found = self.servers.iter().find(|(_, running)| on_port(running));
            let Some((server, running)) = found else {
                continue;
            };
            let mut records = Vec::new();
            let mut record = |name: Name, start: Millis, end: Millis| {
                let span = Raw {
                    connection: 0,
                    sequence: 0,
                    thread: 0,
                    name: name as u8,
                    start,
                    end,
                    on: 0,
                };
                trace::encode_record(
                    seen.number,
                    seen.process.unwrap_or(0),
                    &span,
                    running.started_at,
                    &mut records,
                );
            };
            record(Name::Connect, seen.sent_at, seen.sent_at);
            if let Some(end) = self.app_ends.remove(&seen.number) {
                record(Name::Write, end, seen.complete_at);
            }
            let server = *server;
            self.push_spans(server, &records, now);
        }
        while self.app_ends.len() > REMEMBERED {
            self.app_ends.pop_first();
        }
    }

    /// A message for the page with the spans that it has not been told yet: after a server's exit
    /// it has no use for them.
    #[must_use]
    pub fn take_spans(&mut self) -> Vec<u8> {
        self.spans_until = None;
        std::mem::take(&mut self.spans)
    }
}
