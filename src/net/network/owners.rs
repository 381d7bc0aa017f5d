//! Which process had which connection, also after the connection's end: what a process tells of
//! what it did comes later than that.

use crate::bounds::REMEMBERED;
use crate::net::ids::ConnectionId;
use crate::os::Pid;

/// The processes of the last connections that were accepted.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// By the connection's id, modulo its length. Empty before there is one.
    all: Vec<(ConnectionId, Pid)>,
}

impl Owners {
    /// A process has accepted a connection.
    pub(super) fn note(&mut self, id: ConnectionId, pid: Pid) {
        if self.all.is_empty() {
            self.all.resize(REMEMBERED, (0, 0));
        }
        if let Some(place) = self.all.get_mut(id as usize % REMEMBERED) {
            *place = (id, pid);
        }
    }

    /// The process that has or had a connection, if it is remembered.
    pub(super) fn of(&self, id: ConnectionId) -> Option<Pid> {
        let place = self.all.get(id as usize % REMEMBERED);
        place.filter(|place| place.0 == id).map(|place| place.1)
    }
}
