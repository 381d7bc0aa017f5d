//! What the Python of gunicorn's gthread and gevent workers calls: their main threads, and the
//! threads that serve connections.

use wasm_bindgen::prelude::wasm_bindgen;

use super::process::{PARK, Process, Worker};
use crate::os::{Millis, Signal};
use crate::servers::WorkerClass;
use crate::workers::threaded::{Next, Taken};

#[wasm_bindgen]
impl Process {
    /// The main thread asks: a connection for the pool; 0: park. -1: leave.
    pub fn next_connection(&mut self, now: Millis) -> i32 {
        self.at_work();
        let Worker::Threaded(worker) = &mut self.worker else {
            return -1;
        };
        match worker.next(&mut self.common, now) {
            Next::Submit(id) => id as i32,
            Next::Park => 0,
            Next::Exit => -1,
        }
    }

    /// A thread of the pool takes a connection, or has waited for it. 1 or 2: a request, its
    /// environ is put; 2 if it has a body. 0: it is done. PARK: wait for the connection's key.
    /// Below: the same, for at most `-2 - result` milliseconds.
    pub fn take(&mut self, id: u32, now: Millis) -> i32 {
        self.at_work();
        if self.common.launch.worker_class == WorkerClass::Green {
            // While it is known which of the connection's requests it was.
            self.trace_threads();
        }
        let Worker::Threaded(worker) = &mut self.worker else {
            return 0;
        };
        match worker.take(&mut self.common, id, now) {
            Taken::Request { environ, has_body } => {
                self.memory.put(&environ);
                self.threads.serve(id, now);
                if has_body { 2 } else { 1 }
            }
            Taken::Done => 0,
            Taken::ParkFor(time) if time.is_finite() => -2 - time.max(0.0).ceil() as i32,
            Taken::Park | Taken::ParkFor(_) => PARK,
        }
    }

    /// A thread of the pool is done with a request, or has waited since. Whether it has to wait for
    /// the connection's key, for 5 seconds at most, and ask again.
    pub fn end(&mut self, id: u32, now: Millis) -> bool {
        self.at_work();
        // While it is known which of the connection's requests it was.
        self.trace_threads();
        match &mut self.worker {
            Worker::Threaded(worker) => worker.end(&mut self.common, id, now),
            _ => false,
        }
    }

    /// The main thread hears that the pool is done with a connection. Whether it has to park and
    /// ask again.
    pub fn finish_request(&mut self, id: u32, now: Millis) -> bool {
        self.at_work();
        match &mut self.worker {
            Worker::Threaded(worker) => worker.finish(&mut self.common, id, now),
            _ => false,
        }
    }

    /// The worker stops.
    pub fn stop(&mut self) {
        if let Worker::Threaded(worker) = &mut self.worker {
            worker.stop();
        }
    }

    /// A signal that came before Python had handlers, once; 0: none.
    pub fn early_signal(&mut self) -> i32 {
        match &mut self.worker {
            Worker::Threaded(worker) => worker.early().map_or(0, Signal::number),
            _ => 0,
        }
    }
}
