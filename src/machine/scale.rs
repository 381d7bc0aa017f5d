//! What is known of the replicas of a server (`--scale`).

use std::collections::BTreeSet;

/// The replicas of a server: each is a server of its own.
#[derive(Debug, Default)]
pub(super) struct Scale {
    pub(super) running: u32,
    /// Those that accept, or have exited.
    pub(super) up_or_gone: BTreeSet<u32>,
    replicas: usize,
    pub(super) listening: Option<(String, u16)>,
    pub(super) code: i32,
}

impl Scale {
    pub(super) fn new(replicas: u32) -> Self {
        Self {
            running: replicas,
            replicas: replicas as usize,
            ..Self::default()
        }
    }

    /// Whether each replica accepts or has exited.
    pub(super) fn is_complete(&self) -> bool {
        self.up_or_gone.len() == self.replicas
    }
}
