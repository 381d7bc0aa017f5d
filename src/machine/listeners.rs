//! Who has which listener: those of a server live for as long as one of its processes has them.

use super::computer::Machine;
use super::running::{Held, Place};
use super::server_id::ServerId;
use crate::net::frame::ToProcess;
use crate::net::{Deferral, ListenerId};
use crate::os::Pid;

impl Machine {
    pub(super) fn bind(
        &mut self,
        server: ServerId,
        index: usize,
        holder: Pid,
    ) -> Option<ListenerId> {
        let running = self.servers.get_mut(&server)?;
        let address = running.launch.binds.get(index)?.clone();
        let backlog = running.launch.backlog;
        // Replicas share an address.
        let group = server.replica.map(|_| server.number);
        let id = self.net.share(address, backlog, group).ok()?;
        if let Some(uwsgi) = running.launch.uwsgi() {
            let deferral = if uwsgi.router {
                Deferral::Head
            } else {
                Deferral::Data
            };
            self.net.defer(id, deferral);
        }
        let holders = vec![holder];
        running
            .listeners
            .insert(Place::Bind(index), Held { id, holders });
        Some(id)
    }

    pub(super) fn bind_for_process(&mut self, server: ServerId, pid: Pid, index: usize) {
        // Masters bind for their workers, and nobody binds twice.
        let may_bind = self.servers.get(&server).is_some_and(|running| {
            let place = Place::Bind(index);
            !running.launch.master && !running.listeners.contains_key(&place)
        });
        if may_bind && self.bind(server, index, pid).is_some() {
            self.send_listeners(server, pid);
        } else {
            self.net
                .send_to_process(pid, ToProcess::BindFailed, index as u32, b"");
        }
    }

    /// A new process has the listeners that its parent had.
    pub(super) fn inherit(&mut self, server: ServerId, pid: Pid) {
        if let Some(running) = self.servers.get_mut(&server) {
            running.processes.push(pid);
            for (_, held) in running
                .listeners
                .iter_mut()
                .filter(|(place, _)| matches!(place, Place::Bind(_)))
            {
                held.holders.push(pid);
            }
        }
        self.send_listeners(server, pid);
    }

    fn send_listeners(&mut self, server: ServerId, pid: Pid) {
        let Some(running) = self.servers.get(&server) else {
            return;
        };
        for (place, held) in &running.listeners {
            let Place::Bind(index) = *place else {
                continue;
            };
            let Some((host, port)) = running.launch.binds.get(index) else {
                continue;
            };
            let mut body = port.to_le_bytes().to_vec();
            body.extend_from_slice(host.as_bytes());
            self.net
                .send_to_process(pid, ToProcess::Listening, held.id, &body);
        }
    }

    /// A process closes its copy of some listeners; the last one to do so closes them.
    pub(super) fn let_go(&mut self, server: ServerId, which: impl Fn(&Held) -> bool, pid: Pid) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        for held in running
            .listeners
            .iter_mut()
            .map(|(_, held)| held)
            .filter(|held| which(held))
        {
            held.holders.retain(|holder| *holder != pid);
        }
        running.listeners.retain(|_, held| {
            let kept = !held.holders.is_empty();
            if !kept {
                self.net.close_listener(held.id);
            }
            kept
        });
    }
}
