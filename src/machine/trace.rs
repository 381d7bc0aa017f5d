//! Spans on their way to the page: what processes noted, and what the client saw.

use super::computer::Machine;
use super::running::Running;
use super::server_id::ServerId;
use crate::bounds::REMEMBERED;
use crate::client::{Outcome, Seen};
use crate::net::frame::{Frame, FromProcess, ToPage, push};
use crate::os::{Millis, Pid};
use crate::servers::WorkerClass;
use crate::trace::{self, Name, Raw, Span};

/// How long spans wait for an answer to travel with: to wake the page costs more than all else
/// about them.
pub(super) const SPANS_EVERY: Millis = 100.0;

/// How long a request is on its way before the page is told: the most are answered by then.
pub(super) const NEWS_EVERY: Millis = 50.0;

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
        let may_be = |span: &Raw| {
            let ends = span.end <= last || span.end == Millis::INFINITY;
            first <= span.start && span.start <= span.end && span.start <= last && ends
        };
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
            if span.name == Name::App as u8 && span.end.is_finite() {
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

    /// What the client saw of requests that are over.
    pub(super) fn client_spans(&mut self, now: Millis) {
        while let Some(seen) = self.client.seen.pop_front() {
            self.push_request(&seen, now);
        }
        while self.app_ends.len() > REMEMBERED {
            self.app_ends.pop_first();
        }
        if self.client.has_news() {
            self.news_at.get_or_insert(now + NEWS_EVERY);
        }
    }

    /// What is known of requests on their way, if it is time to tell.
    pub(super) fn tell_news(&mut self, now: Millis) {
        if self.news_at.is_none_or(|at| now < at) {
            return;
        }
        self.news_at = None;
        // Whoever has taken a connection on offer may be too busy to say so.
        self.net.notice_claims();
        self.deliver_events(now);
        for seen in self.client.take_news() {
            self.push_request(&seen, now);
            self.spans_until = Some(now);
        }
        if self.net.has_offers() {
            self.news_at = Some(now + NEWS_EVERY);
        }
    }

    /// Tells the page of a request, and of one that is complete when it was sent and received.
    fn push_request(&mut self, seen: &Seen, now: Millis) {
        let request = &seen.request;
        let on_port =
            |running: &Running| running.launch.binds.iter().any(|bind| bind.1 == seen.port);
        let found = self.servers.iter().find(|(_, running)| on_port(running));
        let Some((&server, running)) = found else {
            return;
        };
        let origin = running.started_at;
        let awaits = running.launch.worker_class == WorkerClass::Async;
        let mut body = origin.to_le_bytes().to_vec();
        body.extend_from_slice(&f64::from(u8::from(awaits)).to_le_bytes());
        request.encode(origin, &mut body);
        self.window.send(body.len());
        push(&mut self.spans, ToPage::Requests, server.number, &body);
        self.spans_until.get_or_insert(now + SPANS_EVERY);
        let Some((end, outcome)) = request.end else {
            return;
        };
        let app_end = self.app_ends.remove(&request.number);
        if outcome != Outcome::Complete as u8 {
            return;
        }
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
            let process = request.process.unwrap_or(0);
            trace::encode_record(request.number, process, &span, origin, &mut records);
        };
        record(Name::Connect, request.sent_at, request.sent_at);
        if let Some(app_end) = app_end {
            record(Name::Write, app_end, end);
        }
        self.push_spans(server, &records, now);
    }

    /// A message for the page with the spans that it has not been told yet: after a server's exit
    /// it has no use for them.
    #[must_use]
    pub fn take_spans(&mut self) -> Vec<u8> {
        self.spans_until = None;
        std::mem::take(&mut self.spans)
    }
}
