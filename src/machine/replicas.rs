//! The replicas of a server (`--scale`), which are one server to the page.

use super::computer::Machine;
use super::output::Output;
use super::server_id::{ServerId, ServerNumber};

impl Machine {
    /// A server, or its replicas.
    pub(super) fn servers_of(&self, number: ServerNumber) -> Vec<ServerId> {
        let mut all: Vec<ServerId> = self.servers.keys().copied().collect();
        all.retain(|one| one.number == number);
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
        let Some(replica) = server.replica else {
            return Some(output);
        };
        let server = ServerId::of(server.number);
        let Some(scale) = self.scales.get_mut(&server.number) else {
            return Some(output);
        };
        let was_complete = scale.is_complete();
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
        scale.up_or_gone.insert(replica);
        if scale.running == 0 {
            let code = scale.code;
            self.scales.remove(&server.number);
            return Some(Output::Exit { server, code });
        }
        if was_complete || !scale.is_complete() {
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
