//! Who waits for what, in the order of arrival.

use std::collections::{BTreeMap, VecDeque};

use super::ids::ThreadId;
use super::key::Key;

/// The queues that are not empty.
#[derive(Debug, Default)]
pub(super) struct Queues(BTreeMap<Key, VecDeque<ThreadId>>);

impl Queues {
    pub(super) fn push(&mut self, key: Key, id: ThreadId) {
        self.0.entry(key).or_default().push_back(id);
    }

    pub(super) fn pop(&mut self, key: Key) -> Option<ThreadId> {
        let queue = self.0.get_mut(&key)?;
        let id = queue.pop_front();
        if queue.is_empty() {
            self.0.remove(&key);
        }
        id
    }

    pub(super) fn remove(&mut self, key: Key, id: ThreadId) {
        let Some(queue) = self.0.get_mut(&key) else {
            return;
        };
        queue.retain(|waiting| *waiting != id);
        if queue.is_empty() {
            self.0.remove(&key);
        }
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }
}

#[cfg(test)]
impl Queues {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
