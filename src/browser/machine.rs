//! The machine role.

use wasm_bindgen::prelude::wasm_bindgen;

use super::Claims;
use crate::machine::{self, Output, StartCommand};
use crate::os::{Exit, Millis, Pid, Signal, Stream};

#[wasm_bindgen]
extern "C" {
    /// The machine's devices, see `www/worker/machine.js`. None of them calls back at once.
    pub type Devices;
    #[wasm_bindgen(method)]
    fn spawn(
        this: &Devices,
        pid: Pid,
        parent: Pid,
        argv: Vec<String>,
        env: Vec<String>,
        replaced: bool,
        forks: u32,
    );
    #[wasm_bindgen(method)]
    fn kill(this: &Devices, pid: Pid);
    #[wasm_bindgen(method)]
    fn to_process(this: &Devices, pid: Pid, message: &[u8]);
    #[wasm_bindgen(method)]
    fn to_page(this: &Devices, message: &[u8]);
    #[wasm_bindgen(method)]
    fn log(this: &Devices, server: u32, stream: u32, line: &str, time: Millis);
    #[wasm_bindgen(method)]
    fn listening(this: &Devices, server: u32, address: &str, port: u16);
    #[wasm_bindgen(method)]
    fn exit(this: &Devices, server: u32, code: i32);
}

/// The computer. After each call, [`Machine::flush`] carries out what it wants done.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Machine(machine::Machine);

#[wasm_bindgen]
impl Machine {
    /// A machine on which nothing runs.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // JavaScript has no Default.
    pub fn new() -> Self {
        Self(machine::Machine::new())
    }

    /// Starts a server by a line.
    pub fn start_line(
        &mut self,
        server: u32,
        line: String,
        env: Vec<String>,
        directory: &str,
        now: Millis,
    ) {
        self.0.start(
            server,
            &StartCommand::Line(line),
            &pairs(env),
            directory,
            now,
        );
    }

    /// Starts a server by words.
    pub fn start_words(
        &mut self,
        server: u32,
        words: Vec<String>,
        env: Vec<String>,
        directory: &str,
        now: Millis,
    ) {
        self.0.start(
            server,
            &StartCommand::Words(words),
            &pairs(env),
            directory,
            now,
        );
    }

    /// Sends a server's master a signal; without a name, the one that ends it. Returns whether
    /// there is one of this name.
    pub fn signal(&mut self, server: u32, name: &str, now: Millis) -> bool {
        let signal = match name {
            "" => Some(self.0.last_signal(server)),
            name => Signal::named(name),
        };
        if let Some(signal) = signal {
            self.0.signal(server, signal, now);
        }
        signal.is_some()
    }

    /// What connections are claimed by, where memory can be shared.
    pub fn share_claims(&mut self, claims: Claims) {
        self.0.share_claims(Box::new(claims));
    }

    /// How many workers may be asked for, by the memory that there is.
    pub fn set_room(&mut self, room: u32) {
        self.0.set_room(room);
    }

    /// What a command line may ask about the machine: the text of a file by its absolute path, the
    /// number of processors by an empty name.
    pub fn set_fact(&mut self, name: &str, value: Option<String>) {
        self.0.set_fact(name, value);
    }

    /// A file of the working directory has changed: its absolute path.
    pub fn file_changed(&mut self, path: &str, now: Millis) {
        self.0.file_changed(path, now);
    }

    /// A message of the page.
    pub fn deliver_page(&mut self, message: &[u8], now: Millis) {
        self.0.from_page(message, now);
    }

    /// A message of a process.
    pub fn deliver_process(&mut self, pid: Pid, message: &[u8], now: Millis) {
        self.0.from_process(pid, message, now);
    }

    /// What a process's worker says in its place.
    pub fn output(&mut self, pid: Pid, text: &str, now: Millis) {
        self.0.output(pid, text, now);
    }

    /// A process has ended, with a code or, if one is named, by a signal.
    pub fn exited(&mut self, pid: Pid, code: i32, signal: &str, now: Millis) {
        let exit = Signal::named(signal).map_or(Exit::Code(code), Exit::Signal);
        self.0.exited(pid, exit, now);
    }

    /// Whether nobody is connected to anything.
    pub fn is_quiet(&self) -> bool {
        self.0.is_quiet()
    }

    /// When `tick` is due; infinite if never.
    pub fn deadline(&self) -> Millis {
        self.0.deadline().unwrap_or(Millis::INFINITY)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        self.0.tick(now);
    }

    /// Carries out what is to be done.
    pub fn flush(&mut self, devices: &Devices) {
        while let Some(output) = self.0.next_output() {
            match output {
                Output::Spawn {
                    pid,
                    parent,
                    argv,
                    env,
                    replaced,
                    forks,
                } => devices.spawn(pid, parent, argv, env, replaced, forks),
                Output::Kill(pid) => devices.kill(pid),
                Output::Log {
                    server,
                    stream,
                    line,
                    time,
                } => {
                    devices.log(
                        server,
                        if stream == Stream::Stdout { 1 } else { 2 },
                        &line,
                        time,
                    );
                }
                Output::Listening {
                    server,
                    address,
                    port,
                } => devices.listening(server, &address, port),
                Output::Exit { server, code } => {
                    let spans = self.0.take_spans();
                    if !spans.is_empty() {
                        devices.to_page(&spans);
                    }
                    devices.exit(server, code);
                }
            }
        }
        for (pid, message) in self.0.take_messages() {
            devices.to_process(pid, &message);
        }
        let page = self.0.take_page();
        if !page.is_empty() {
            devices.to_page(&page);
        }
    }
}

fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect()
}
