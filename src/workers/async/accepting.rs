//! Frames of the kernel, and the connections that it hands over.

use std::collections::VecDeque;

use crate::gateway::Peer;
use crate::http1::server::Connection;
use crate::net::frame::{Accepted, FromProcess, ToProcess, push_number};
use crate::os::Millis;
use crate::servers::Server;
use crate::trace::Name;
use crate::workers::ProcessContext;
use crate::workers::wire::Wire;

use super::connection::{AsgiConnection, Past};
use super::worker::{Arrived, AsyncWorker};

impl AsyncWorker {
    pub(super) fn handle_frame(
        &mut self,
        process: &mut ProcessContext,
        arrived: &Arrived,
        now: Millis,
    ) {
        match arrived.kind {
            // A loop that was blocked has accepted two before it calls the app, of which its rivals
            // see neither.
            ToProcess::Readable if self.listening && arrived.late => {
                self.accept(process, FromProcess::AcceptAndKeepNext, arrived.id);
            }
            ToProcess::Readable if self.listening => {
                self.accept(process, FromProcess::Accept, arrived.id);
            }
            // While it reads the request of the connection that it has accepted, the loop sees that
            // another waits.
            ToProcess::AcceptEnd if self.listening && std::mem::take(&mut self.accepted) > 0 => {
                self.accept(process, FromProcess::Accept, arrived.id);
            }
            ToProcess::AcceptEnd if self.listening => process.send(FromProcess::Poll, arrived.id),
            ToProcess::Accepted => self.accepted(process, arrived, now),
            ToProcess::Data | ToProcess::Eof | ToProcess::Reset | ToProcess::Credit => {
                self.connection_frame(process, arrived, now);
            }
            _ => {}
        }
    }

    /// Asks for as many connections as this server takes per wake.
    pub(super) fn accept(&mut self, process: &mut ProcessContext, how: FromProcess, listener: u32) {
        self.accepted = 0;
        let most = process.launch.accepts;
        push_number(&mut process.frames, how, listener, most);
    }

    pub(super) fn accepted(
        &mut self,
        process: &mut ProcessContext,
        arrived: &Arrived,
        now: Millis,
    ) {
        let Some(accepted) = Accepted::decode(&arrived.body) else {
            return;
        };
        self.accepted += 1;
        process.span((arrived.id, 0), Name::Backlog, accepted.connected_at, now);
        let listener = process
            .listeners
            .iter()
            .find(|listener| listener.id == accepted.listener);
        let local =
            listener.map_or_else(|| ("127.0.0.1".to_owned(), 0), |l| (l.host.clone(), l.port));
        let connection = AsgiConnection {
            wire: Wire::new(arrived.id, accepted.granted),
            http: Connection::new(process.launch.rules, process.launch.limits),
            peer: Peer {
                remote: ("127.0.0.1".to_owned(), accepted.peer_port),
                local,
            },
            accepted_at: now,
            first_byte_at: None,
            requests: 0,
            request: None,
            reading: None,
            pipeline: VecDeque::new(),
            paused: false,
            drops_rest: false,
            ended: None,
            past: Past::default(),
            socket: None,
            handshake: None,
            idle_since: None,
            idle_until: (process.launch.server() == Server::Daphne)
                .then_some(now + process.launch.keep_alive),
            close_when_sent: false,
            blocked: false,
            written_at: None,
        };
        self.connections.insert(arrived.id, Box::new(connection));
    }
}
