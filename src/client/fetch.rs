//! One fetch: its request on the way out, its response on the way in.

use crate::http1::client::{Connection, Event};
use crate::http1::{Framing, ResponseError};
use crate::net::frame::{ToPage, push, push_number};
use crate::net::{ConnectionId, Network, WINDOW};
use crate::os::Millis;
use crate::wire::strings::Strings;

use super::head::FetchHead;
use super::outgoing::Outgoing;
use super::seen::Times;
use super::stream::StreamId;

/// A server has this much to send before it waits for what is owed to it.
const GRANT: u32 = WINDOW / 8;

/// How a fetch goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// More is to come.
    Going,
    /// The response is complete.
    Complete {
        /// Whether the connection may carry another request.
        keep: bool,
    },
    /// There will be no (complete) response.
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) stream: StreamId,
    pub(super) connection: ConnectionId,
    pub(super) http: Connection,
    /// The request, as far as it is encoded.
    pub(super) outgoing: Outgoing,
    /// Requests that the connection has carried before.
    pub(super) sequence: u32,
    /// The request's number in the trace.
    pub(super) number: u32,
    pub(super) head: FetchHead,
    pub(super) times: Times,
    pub(super) upload_ended: bool,
    /// Bytes of the body that the page has been given and not consumed.
    pub(super) undelivered: u32,
    /// A byte of the response has come.
    pub(super) answered: bool,
    /// Bytes received for which the server has been granted as many anew.
    pub(super) granted: u64,
    /// Bytes consumed for which the server is still to be granted as many anew: in one frame for
    /// many small responses.
    pub(super) owed: u32,
}

impl Fetch {
    pub(super) fn send_head(&mut self, net: &mut Network) {
        let head = &self.head;
        let mut out = Vec::with_capacity(512);
        self.http.send_request(
            &head.method,
            &head.target,
            &head.headers,
            head.framing,
            &mut out,
        );
        self.upload_ended = head.framing == Framing::Empty;
        self.outgoing.send(net, &out);
    }

    /// A request without a body, or whose body the page has not begun to send, can be sent again.
    pub(super) fn can_retry(&self) -> bool {
        self.head.framing == Framing::Empty
    }

    /// The page sends some of the request's body.
    pub(super) fn upload(&mut self, net: &mut Network, data: &[u8]) {
        let mut out = Vec::with_capacity(data.len() + 16);
        self.http.send_body(data, &mut out);
        self.outgoing.send(net, &out);
    }

    /// The page has sent all of the request's body.
    pub(super) fn upload_end(&mut self, net: &mut Network) {
        let mut out = Vec::new();
        self.http.send_end(&mut out);
        self.upload_ended = true;
        self.outgoing.send(net, &out);
    }

    /// The connection takes more: what waits goes out, and the page may send as much.
    pub(super) fn credited(&mut self, net: &mut Network, bytes: u32, page: &mut Vec<u8>) {
        self.outgoing.credited(net, bytes);
        if !self.upload_ended {
            push_number(page, ToPage::Credit, self.stream, bytes);
        }
    }

    fn grant(&mut self, net: &mut Network, bytes: u32) {
        self.owed += bytes;
        if self.owed >= GRANT {
            net.grant(self.connection, std::mem::take(&mut self.owed));
        }
    }

    /// The page has consumed so many bytes of the body.
    pub(super) fn consumed(&mut self, net: &mut Network, bytes: u32) {
        let bytes = bytes.min(self.undelivered);
        self.undelivered -= bytes;
        self.grant(net, bytes);
    }

    /// All that the page has not consumed is granted: the response is complete.
    pub(super) fn grant_rest(&mut self, net: &mut Network) {
        let bytes = std::mem::take(&mut self.undelivered);
        self.grant(net, bytes);
    }

    pub(super) fn receive(
        &mut self,
        net: &mut Network,
        data: &[u8],
        page: &mut Vec<u8>,
        now: Millis,
    ) -> Step {
        self.answered = true;
        self.http.receive(data);
        let before = self.undelivered;
        let step = self.advance(page, now);
        // Heads and framing are consumed here; the body when the page reads it.
        let consumed = self.http.consumed() - self.granted;
        self.granted = self.http.consumed();
        let body = u64::from(self.undelivered - before);
        self.grant(net, consumed.saturating_sub(body) as u32);
        step
    }

    pub(super) fn receive_eof(&mut self, page: &mut Vec<u8>, now: Millis) -> Step {
        self.http.receive_eof();
        self.advance(page, now)
    }

    fn advance(&mut self, page: &mut Vec<u8>, now: Millis) -> Step {
        loop {
            match self.http.next_event() {
                Ok(None) => return Step::Going,
                Ok(Some(Event::Head(response))) => {
                    self.times.head_at = Some(now);
                    let (code, reason) = response
                        .head
                        .status
                        .split_at(response.head.status.len().min(3));
                    let number = self.number.to_string();
                    let fixed = [number.as_bytes(), code, reason.trim_ascii_start()];
                    let fields = response
                        .head
                        .headers
                        .iter()
                        .flat_map(|(name, value)| [&name[..], &value[..]]);
                    let strings: Strings = fixed.into_iter().chain(fields).collect();
                    push(page, ToPage::Head, self.stream, &strings.encode());
                }
                Ok(Some(Event::Body(data))) => {
                    push(page, ToPage::Data, self.stream, data);
                    self.undelivered += data.len() as u32;
                }
                Ok(Some(Event::End)) => {
                    push(page, ToPage::Eof, self.stream, b"");
                    return Step::Complete {
                        keep: self.http.is_idle(),
                    };
                }
                Ok(Some(Event::Closed)) => {
                    return Step::Failed(ResponseError::EndBeforeHead.to_string());
                }
                Err(error) => return Step::Failed(error.to_string()),
            }
        }
    }
}
