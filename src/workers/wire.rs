//! A process's end of a connection: what was received and not read, what is to be sent and not
//! taken.

use crate::net::WINDOW;
use crate::net::frame::{Frame, FromProcess, ToProcess, push, push_number};

/// A process's end of a connection.
#[derive(Debug)]
pub(super) struct Wire {
    /// The connection.
    pub(super) id: u32,
    received: Vec<u8>,
    /// The client sends nothing more.
    pub(super) eof: bool,
    /// The connection is gone: nothing can be sent, nothing will come.
    pub(super) broken: bool,
    /// Bytes to come for which the client has been granted as many anew.
    granted: u32,
    credit: u32,
    unsent: Vec<u8>,
    /// Bytes at the beginning of `unsent` that the client has taken.
    taken: usize,
    closed: bool,
}

impl Wire {
    /// A connection that was just accepted; the client may already send again as many bytes as were
    /// `granted`.
    pub(super) fn new(id: u32, granted: u32) -> Self {
        Self {
            id,
            received: Vec::new(),
            eof: false,
            broken: false,
            granted,
            credit: WINDOW,
            unsent: Vec::new(),
            taken: 0,
            closed: false,
        }
    }

    /// Bytes came.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// The client resets the connection: what was received is lost, as in a kernel.
    pub(super) fn reset(&mut self) {
        self.broken = true;
        self.eof = true;
        self.received.clear();
        self.unsent.clear();
        self.taken = 0;
    }

    /// Whether there is something to read.
    pub(super) fn is_readable(&self) -> bool {
        !self.received.is_empty()
    }

    /// Reads everything that has come, and lets the client send as much again.
    pub(super) fn read(&mut self, frames: &mut Vec<u8>) -> Vec<u8> {
        self.read_at_most(usize::MAX, frames)
    }

    /// Reads so many bytes at most, and lets the client send as many again.
    pub(super) fn read_at_most(&mut self, most: usize, frames: &mut Vec<u8>) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.received);
        if bytes.len() > most {
            self.received = bytes.split_off(most);
        }
        let length = bytes.len() as u32;
        let known = length.min(self.granted);
        self.granted -= known;
        if length > known && !self.broken && !self.eof {
            push_number(frames, FromProcess::Credit, self.id, length - known);
        }
        bytes
    }

    /// Takes a frame that concerns the connection.
    pub(super) fn deliver(
        &mut self,
        kind: ToProcess,
        frame: &Frame<'_, ToProcess>,
        frames: &mut Vec<u8>,
    ) {
        match kind {
            ToProcess::Data => self.receive(frame.body),
            ToProcess::Eof => self.eof = true,
            ToProcess::Reset => self.reset(),
            ToProcess::Credit => self.grant(frame.number(), frames),
            _ => {}
        }
    }

    /// The client takes so many bytes more.
    pub(super) fn grant(&mut self, bytes: u32, frames: &mut Vec<u8>) {
        self.credit += bytes;
        self.flush(frames);
    }

    /// Sends bytes, as many as the client takes now; the rest follows by itself.
    pub(super) fn send(&mut self, bytes: &[u8], frames: &mut Vec<u8>) {
        if self.broken || bytes.is_empty() {
            return;
        }
        if self.unsent.is_empty() {
            let now = bytes.len().min(self.credit as usize);
            if now > 0 {
                push(frames, FromProcess::Data, self.id, &bytes[..now]);
                self.credit -= now as u32;
            }
            self.unsent.extend_from_slice(&bytes[now..]);
        } else {
            self.unsent.extend_from_slice(bytes);
        }
    }

    fn flush(&mut self, frames: &mut Vec<u8>) {
        let waiting = &self.unsent[self.taken..];
        let now = waiting.len().min(self.credit as usize);
        if now == 0 {
            return;
        }
        push(frames, FromProcess::Data, self.id, &waiting[..now]);
        self.credit -= now as u32;
        self.taken += now;
        // What was taken goes in large pieces: moving the rest down for each window makes a large
        // body slow.
        if self.taken > self.unsent.len() / 2 {
            self.unsent.drain(..self.taken);
            self.taken = 0;
            self.unsent
                .shrink_to(self.unsent.len().max(WINDOW as usize));
        }
    }

    /// Bytes that the client has not taken.
    pub(super) fn unsent(&self) -> usize {
        self.unsent.len() - self.taken
    }

    /// What waits to be sent is not.
    pub(super) fn drop_unsent(&mut self) {
        self.unsent.clear();
        self.taken = 0;
    }

    /// Resets the connection, whatever waits to be sent.
    pub(super) fn abort(&mut self, frames: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.closed, true) && !self.broken {
            push(frames, FromProcess::Reset, self.id, b"");
        }
    }

    /// Closes: a reset where received bytes were never read, as `close()` does.
    pub(super) fn close(&mut self, frames: &mut Vec<u8>) {
        if std::mem::replace(&mut self.closed, true) || self.broken {
            return;
        }
        let kind = if self.received.is_empty() {
            FromProcess::Close
        } else {
            FromProcess::Reset
        };
        push(frames, kind, self.id, b"");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::net::frame::frames;
    use crate::testing::test;

    fn said(message: &mut Vec<u8>) -> Vec<(FromProcess, usize)> {
        let said = frames(message).map(|f| (f.kind, f.body.len())).collect();
        message.clear();
        said
    }

    #[test]
    fn what_exceeds_the_credit_follows_as_it_is_granted() {
        let (mut wire, mut out) = (Wire::new(1, 0), Vec::new());
        wire.send(&vec![0; WINDOW as usize + 10], &mut out);
        assert_eq!(said(&mut out), [(FromProcess::Data, WINDOW as usize)]);
        assert_eq!(wire.unsent(), 10);
        wire.grant(4, &mut out);
        wire.grant(100, &mut out);
        assert_eq!(
            said(&mut out),
            [(FromProcess::Data, 4), (FromProcess::Data, 6)]
        );
    }

    #[test]
    fn a_large_body_arrives_whole_whatever_is_granted() {
        let (mut wire, mut out) = (Wire::new(1, 0), Vec::new());
        let body: Vec<u8> = (0..2_000_000_u32)
            .map(|n| n as u8 ^ (n >> 8) as u8)
            .collect();
        let (first, second) = body.split_at(1_500_000);
        wire.send(first, &mut out);
        wire.grant(100_000, &mut out);
        wire.send(second, &mut out);
        while wire.unsent() > 0 {
            wire.grant(77_777, &mut out);
        }
        let sent: Vec<u8> = frames::<FromProcess>(&out)
            .flat_map(|frame| frame.body.to_vec())
            .collect();
        assert!(sent == body);
    }

    #[test]
    fn reading_lets_the_client_send_as_much_again() {
        let (mut wire, mut out) = (Wire::new(1, 0), Vec::new());
        wire.receive(b"abc");
        wire.receive(b"de");
        assert_eq!(wire.read(&mut out), b"abcde");
        let granted = frames::<FromProcess>(&out).next().unwrap().number();
        assert_eq!(granted, 5);
    }

    #[test]
    fn what_was_granted_at_the_accept_is_not_granted_again() {
        let (mut wire, mut out) = (Wire::new(1, 4), Vec::new());
        wire.receive(b"abcdef");
        wire.read(&mut out);
        assert_eq!(frames::<FromProcess>(&out).next().unwrap().number(), 2);
    }

    #[test]
    fn closing_with_bytes_unread_resets() {
        let (mut wire, mut out) = (Wire::new(1, 0), Vec::new());
        wire.receive(b"unread");
        wire.close(&mut out);
        wire.close(&mut out);
        assert_eq!(said(&mut out), [(FromProcess::Reset, 0)]);
        let mut wire = Wire::new(2, 0);
        wire.close(&mut out);
        assert_eq!(said(&mut out), [(FromProcess::Close, 0)]);
    }

    #[test]
    fn nothing_is_sent_on_a_broken_connection() {
        let (mut wire, mut out) = (Wire::new(1, 0), Vec::new());
        wire.reset();
        wire.send(b"x", &mut out);
        wire.close(&mut out);
        assert!(out.is_empty());
    }
}
