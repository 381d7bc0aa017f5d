//! The process role: what Python and the worker's event loop call.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::{EventLoop, MAIN};
use crate::net::frame::{FromProcess, ToProcess, frames, push};
use crate::os::{Millis, Pid, Signal, Stream};
use crate::servers::{self, Command, Level, Server, WorkerClass};
use crate::workers::Process as Common;
use crate::workers::r#async::AsyncWorker;
use crate::workers::conversation::Conversation;
use crate::workers::cores::{self, Cores};
use crate::workers::sync::{Next, SyncWorker};
use crate::workers::threaded::ThreadedWorker;

use super::Claims;
use super::threads::CONNECTIONS;

/// What calls return where Python has to park and ask again.
pub(super) const PARK: i32 = -1;
/// What asking for a request returns when others are to run first.
const LET_GO: i32 = -2;
/// What writing returns when the client is gone.
pub(super) const BROKEN: i32 = -2;
/// The threads' part of the trace travels with other messages; alone if there is none for this
/// long, or if it is large.
const TRACE_EVERY: Millis = 100.0;
const MOST_INTERVALS: usize = 2000;
/// What a thread does for less is left out of the trace: there can be many thousands of such
/// intervals in a second.
const SHORTEST_INTERVAL: Millis = 0.05;

#[wasm_bindgen]
extern "C" {
    /// The shared buffer in Python's memory, and the way to the kernel: see
    /// `www/worker/process.js`.
    pub type Memory;
    #[wasm_bindgen(method)]
    pub(super) fn put(this: &Memory, bytes: &[u8]);
    #[wasm_bindgen(method)]
    fn get(this: &Memory, into: &mut [u8]);
    /// A message for the kernel. It does not call back at once.
    #[wasm_bindgen(method)]
    fn send(this: &Memory, message: &[u8]);
}

impl Memory {
    pub(super) fn read(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.get(&mut bytes);
        bytes
    }

    pub(super) fn text(&self, length: usize) -> String {
        String::from_utf8_lossy(&self.read(length)).into_owned()
    }

    /// Writes the text of an exception; returns its length, which is never 0.
    pub(super) fn raise(&self, text: &str) -> i32 {
        self.put(text.as_bytes());
        text.len().max(1) as i32
    }
}

#[derive(Debug)]
pub(super) enum Worker {
    Sync(Cores),
    Threaded(ThreadedWorker),
    Async(AsyncWorker),
}

impl Worker {
    /// The conversation whose request an app has.
    pub(super) fn conversation(&mut self, id: u32) -> Option<&mut Conversation> {
        match self {
            Self::Sync(worker) => worker.running(id),
            Self::Threaded(worker) => worker.running(id),
            Self::Async(_) => None,
        }
    }
}

/// A process: its worker, and what Python asks of it.
#[wasm_bindgen]
pub struct Process {
    pub(super) common: Common,
    pub(super) worker: Worker,
    pub(super) memory: Memory,
    pub(super) directory: String,
    binding: bool,
    accepting: bool,
    /// Others have just had the chance to run.
    let_go: bool,
    pub(super) threads: EventLoop,
    /// When the threads' part of the trace is to leave by itself.
    traced_until: Option<Millis>,
    /// Signals that Python has handlers for, and those that it ignores: a bit for each number, from
    /// 1.
    pub(super) handled: u64,
    pub(super) ignored: u64,
}

#[wasm_bindgen]
impl Process {
    /// The process that a command line makes of one of its server's workers.
    ///
    /// `random` is between 0 and 1: what is random about the worker depends on it.
    ///
    /// # Errors
    /// The command line is none that starts a server: the machine parses it before.
    // What JavaScript knows of it, each by itself: an object would have to be taken apart here.
    #[allow(clippy::too_many_arguments)]
    #[wasm_bindgen(constructor)]
    pub fn new(
        memory: Memory,
        argv: Vec<String>,
        env: Vec<String>,
        pid: Pid,
        parent: Pid,
        directory: String,
        now: Millis,
        random: f64,
    ) -> Result<Process, String> {
        let mut flat = env.into_iter();
        let env: Vec<_> = std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect();
        let Command::Serve(mut launch) = servers::parse_argv(&argv, &env, &directory) else {
            return Err("this command line starts no server".to_owned());
        };
        launch.jitter(random);
        let common = Common::new(*launch, pid, parent);
        let worker = match common.launch.worker_class {
            WorkerClass::Sync => Worker::Sync(Cores::new(&common)),
            WorkerClass::Threaded | WorkerClass::Green => Worker::Threaded(ThreadedWorker::new()),
            WorkerClass::Async => Worker::Async(AsyncWorker::new()),
        };
        let mut threads = EventLoop::new(now);
        if common.launch.worker_class == WorkerClass::Green {
            threads.cooperate();
        }
        Ok(Self {
            common,
            worker,
            memory,
            directory,
            binding: false,
            accepting: false,
            let_go: false,
            threads,
            traced_until: None,
            handled: 0,
            ignored: 0,
        })
    }

    /// What connections that are offered are claimed by, where memory can be shared.
    pub fn share_claims(&mut self, claims: Claims) {
        self.common.claims = Some(Box::new(claims));
    }

    // --- the worker's event loop

    /// A message of the kernel.
    pub fn deliver(&mut self, message: &[u8], now: Millis) {
        self.threads.turned(now);
        for frame in frames(message) {
            if self.common.take(frame) {
                if let Worker::Sync(worker) = &mut self.worker {
                    worker.wake();
                }
            } else if frame.kind == ToProcess::Signal {
                self.signal(frame.id, now);
            } else {
                match &mut self.worker {
                    Worker::Sync(worker) => worker.deliver(&mut self.common, frame, now),
                    Worker::Threaded(worker) => worker.deliver(&mut self.common, frame, now),
                    Worker::Async(worker) => worker.deliver(&mut self.common, frame, now),
                }
            }
        }
    }

    /// When `tick` is due; infinite if never.
    pub fn deadline(&self) -> Millis {
        let worker = match &self.worker {
            Worker::Sync(worker) => worker.deadline(),
            Worker::Threaded(worker) => worker.deadline(),
            Worker::Async(worker) => worker.deadline(),
        };
        let threads = self.threads.deadline();
        let first = worker.into_iter().chain(threads).chain(self.traced_until);
        first.fold(Millis::INFINITY, Millis::min)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        match &mut self.worker {
            Worker::Sync(worker) => worker.tick(now),
            Worker::Threaded(worker) if worker.deadline().is_some_and(|at| at <= now) => {
                worker.tick();
            }
            Worker::Async(worker) if worker.deadline().is_some_and(|at| at <= now) => {
                worker.tick(&mut self.common, now);
            }
            _ => {}
        }
    }

    /// Wakes the threads that wait for connections and should look. Returns whether a thread could
    /// be resumed.
    pub fn settle(&mut self, now: Millis) -> bool {
        let ready = match &mut self.worker {
            Worker::Sync(worker) => {
                let ready = worker.take_ready();
                for core in &ready {
                    self.threads.wake_all(cores::key(*core), now);
                }
                ready.first() == Some(&0)
            }
            Worker::Threaded(worker) => {
                let (ready, keys) = worker.take_ready();
                for key in keys {
                    self.threads.wake_all(key, now);
                }
                ready
            }
            Worker::Async(worker) => {
                worker.is_ready() || (!self.accepting && self.common.bound.is_some())
            }
        };
        if ready || !self.common.hooks.is_empty() {
            self.threads.wake_all(CONNECTIONS, now);
        }
        self.thread_is_due()
    }

    /// Sends the message for the kernel, if there is one: `all` also with what need not leave by
    /// itself.
    pub fn flush(&mut self, all: bool, now: Millis) {
        let traced = self.traced_until.is_some_and(|at| at <= now)
            || self.threads.interval_count() >= MOST_INTERVALS;
        if traced || !self.common.frames.is_empty() || (all && !self.common.lazy.is_empty()) {
            self.trace_threads();
        } else if self.traced_until.is_none() && self.threads.interval_count() > 0 {
            self.traced_until = Some(now + TRACE_EVERY);
        }
        let message = self.common.take_message(all || traced);
        if !message.is_empty() {
            self.memory.send(&message);
        }
    }

    /// What Python prints: stream 1 is standard output, 2 standard error.
    pub fn output(&mut self, stream: u32, bytes: &[u8]) {
        self.common.output(
            if stream == 1 {
                Stream::Stdout
            } else {
                Stream::Stderr
            },
            bytes,
        );
    }

    /// Puts the next hook that the master is to run; returns its length, 0: none.
    pub fn next_hook(&mut self) -> usize {
        let hook = self.common.hooks.pop_front().unwrap_or_default();
        self.memory.put(&hook);
        hook.len()
    }

    /// The hook has run: see [`crate::machine::Answer`].
    pub fn answer(&mut self, answer: u32, length: usize) {
        let text = self.memory.read(length);
        push(&mut self.common.frames, FromProcess::Hook, answer, &text);
    }

    /// The interpreter is up.
    pub fn booted(&mut self) {
        self.common.tell(FromProcess::Booted, 0);
    }

    /// Sends a process of this server, or its master, a signal. What Python handles itself in this
    /// process is there at once.
    pub fn kill(&mut self, pid: u32, signal: u32, now: Millis) {
        if pid == self.common.pid && self.disposition(signal).is_some() {
            self.signal(signal, now);
            return;
        }
        crate::net::frame::push_number(&mut self.common.frames, FromProcess::Kill, pid, signal);
    }

    /// The process ends.
    pub fn exiting(&mut self) {
        self.common.flush_output();
    }

    // --- what every worker's Python asks

    /// A log record; levels count from TRACE, 0. uWSGI's are requests that are done, by the thread
    /// that they were served by.
    pub fn log(&mut self, level: u32, length: usize, now: Millis) {
        let text = self.memory.text(length);
        if self.common.launch.server == Server::Uwsgi {
            push(
                &mut self.common.frames,
                FromProcess::Request,
                level,
                text.as_bytes(),
            );
            return;
        }
        let level = match level {
            0 => Level::Trace,
            1 => Level::Debug,
            2 => Level::Info,
            3 => Level::Warning,
            4 => Level::Error,
            _ => Level::Critical,
        };
        self.common.log(level, &text, now);
    }

    /// A master's process has loaded the app, and forked.
    pub fn loaded(&mut self) {
        self.common.tell(FromProcess::Accepting, 0);
    }

    /// The app is loaded. 1: the worker accepts; 0: the address could not be had; -1: park and ask
    /// again.
    pub fn accepting(&mut self) -> i32 {
        if self.common.bound.is_none() {
            // A server without a master opens its listeners itself. A process that took over a
            // booted interpreter may not have heard yet of those that it inherits.
            if !self.common.launch.master && !std::mem::replace(&mut self.binding, true) {
                push(&mut self.common.frames, FromProcess::Bind, 0, b"");
            }
            return PARK;
        }
        if self.common.bound == Some(false) {
            self.accepting = true;
            return 0;
        }
        self.accepting = true;
        self.common.muted = false;
        if let Worker::Async(worker) = &mut self.worker {
            worker.listen(&mut self.common);
        }
        if self.common.launch.server == Server::Uvicorn && !self.common.launch.master {
            let launch = &self.common.launch;
            if let Some((host, port)) = launch.binds.first() {
                let line = servers::log::uvicorn_running(host, *port, launch.use_colors);
                if self.common.logs(Level::Info) {
                    self.common.line(Stream::Stderr, &line);
                }
            }
        }
        self.common.tell(FromProcess::Accepting, 0);
        1
    }

    // --- the sync worker's Python

    /// Puts the part of the environ that all requests share.
    pub fn base_environ(&mut self) {
        let constants = crate::wsgi::environ::constant_strings(&self.common.launch);
        self.memory.put(&constants.encode());
    }

    /// A request's number `<< 2`, and 1 or 2 if it has a body; its environ is put. 0: park. -1:
    /// leave. `lets_go`: one that is there already may be given, and -2: let other threads go
    /// first, and ask again, as `accept()` lets go of the GIL where it need not wait either.
    pub fn next_request(&mut self, core: u32, lets_go: bool, now: Millis) -> i32 {
        self.at_work();
        let Worker::Sync(worker) = &mut self.worker else {
            return -1;
        };
        if lets_go {
            worker.end_request(&mut self.common, core, now);
            self.let_go = !self.let_go && self.threads.is_wanted(now);
            if self.let_go {
                return LET_GO;
            }
        }
        match worker.next(&mut self.common, core, now) {
            Next::Request { environ, has_body } => {
                self.memory.put(&environ);
                let id = worker.core(core).map_or(0, |core| core.request());
                self.threads.serve(id, now);
                (id << 2) as i32 | if has_body { 2 } else { 1 }
            }
            Next::Park => 0,
            Next::Exit => -1,
        }
    }

    /// The code of the `SystemExit` to raise in the app because of a signal; -1: none.
    pub fn interrupted(&mut self) -> i32 {
        match &mut self.worker {
            Worker::Sync(worker) => worker
                .core(0)
                .and_then(SyncWorker::interrupted)
                .unwrap_or(-1),
            _ => -1,
        }
    }

    /// The code that the worker leaves with.
    pub fn exit_code(&mut self) -> i32 {
        match &mut self.worker {
            Worker::Sync(worker) => worker.core(0).map_or(0, |core| core.exit_code()),
            _ => 0,
        }
    }

    /// The heartbeat.
    pub fn notify(&mut self) {
        self.common.tell(FromProcess::Notify, 0);
    }

    /// The thread at work, for the spans that it makes.
    pub(super) fn at_work(&mut self) {
        self.common.thread = self.threads.holder().unwrap_or(MAIN);
    }

    /// A signal arrives: Python's own handler goes before the server's.
    fn signal(&mut self, number: u32, now: Millis) {
        match self.disposition(number) {
            Some(true) => self.threads.signal(number, now),
            Some(false) => {}
            None => {
                let Some(signal) = Signal::numbered(number as i32) else {
                    return;
                };
                match &mut self.worker {
                    Worker::Sync(worker) => {
                        worker.signal(&mut self.common, signal);
                        if worker.core(0).is_some_and(|core| core.is_interrupted()) {
                            self.threads.signal(number, now);
                        }
                    }
                    Worker::Threaded(worker) => worker.signal(signal),
                    Worker::Async(worker) => worker.signal(&mut self.common, signal),
                }
            }
        }
    }

    /// Whether this is the process of gunicorn's master itself.
    pub(super) fn is_master(&self) -> bool {
        self.common.launch.interpreter && self.common.slot == 0
    }

    /// What the threads did since the last time goes into the trace.
    pub(super) fn trace_threads(&mut self) {
        self.traced_until = None;
        for interval in self.threads.take_intervals() {
            if interval.end - interval.start < SHORTEST_INTERVAL {
                continue;
            }
            let request = match &self.worker {
                _ if interval.request == 0 => None,
                Worker::Sync(_) => Some((interval.request, 0)),
                Worker::Threaded(worker) => worker.request(interval.request),
                Worker::Async(worker) => worker.request(interval.request),
            };
            self.common.interval(&interval, request);
        }
    }
}
