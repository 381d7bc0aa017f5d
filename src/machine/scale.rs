//! The replicas of a server (`--scale`).

use super::{Machine, Output};
use crate::client::ServerId;

/// The replicas of a server: each is a server of its own, whose number has the replica's in its
/// upper bits.
#[derive(Debug, Default)]
pub(super) struct Scale {
    pub(super) running: u32,
    /// Those that accept, or have exited: a bit for each.
    pub(super) settled: u128,
    pub(super) listening: Option<(String, u16)>,
    pub(super) code: i32,
}

impl Scale {
    pub(super) fn new(replicas: u32) -> Self {
        Self {
            running: replicas,
            settled: u128::MAX << replicas,
            ..Self::default()
        }
    }
}

/// Where a replica's number begins in a server's.
pub(super) const REPLICA: u32 = 24;

/// A server as the page knows it.
pub(super) fn page_id(server: ServerId) -> ServerId {
    server & ((1 << REPLICA) - 1)
}

impl Machine {
    /// A server, or its replicas.
    pub(super) fn servers_of(&self, server: ServerId) -> Vec<ServerId> {
        let mut all: Vec<ServerId> = self.servers.keys().copied().collect();
        all.retain(|one| page_id(*one) == server);
        all
    }

    /// What a replica's output is to the page: its lines tell its number, and all replicas together
    /// listen and exit.
    pub(super) fn of_scale(&mut self, output: Output) -> Option<Output> {
        let (Output::Log { server, .. }
        | Output::Listening { server, .. }
        | Output::Exit { server, .. }) = output
        else {
            return Some(output);
        };
        let (replica, server) = (server >> REPLICA, page_id(server));
        let scale = self.scales.get_mut(&server).filter(|_| replica > 0);
        let Some(scale) = scale else {
            return Some(output);
        };
        let settled = scale.settled == u128::MAX;
        match output {
            Output::Log {
                stream, line, time, ..
            } => {
                let line = format!("replica-{replica}  | {line}");
                return Some(Output::Log {
                    server,
                    stream,
                    line,
                    time,
                });
            }
            Output::Listening { address, port, .. } => scale.listening = Some((address, port)),
            Output::Exit { code, .. } => {
                scale.running -= 1;
                scale.code = scale.code.max(code);
            }
            _ => {}
        }
        scale.settled |= 1 << (replica - 1);
        if scale.running == 0 {
            let code = scale.code;
            self.scales.remove(&server);
            return Some(Output::Exit { server, code });
        }
        if settled || scale.settled != u128::MAX {
            return None;
        }
        let (address, port) = scale.listening.take()?;
        Some(Output::Listening {
            server,
            address,
            port,
        })
    }
}
