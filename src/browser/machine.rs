//! The machine role.

use tsify::{Ts, Tsify as _};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Claims;
use super::protocol::{
    CommandLine, FromMachine, Identity, Listening, LogLine, ServerExited, SignalTo, Spawn, Start,
};
use crate::machine::{self, Output, StartCommand};
use crate::os::{Exit, Millis, Pid, Signal};

#[wasm_bindgen(typescript_custom_section)]
const DEVICES: &str = "
/** What the machine wants done, see `www/worker/machine.js`. */
export interface Devices {
  spawn(spawn: Spawn): void;
  kill(pid: number): void;
  /** The message is a view of wasm memory. */
  to_process(pid: number, message: Uint8Array): void;
  /** The message is a view of wasm memory. */
  to_page(message: Uint8Array): void;
  tell_page(message: FromMachine): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// The machine's devices. None of them calls back at once.
    #[wasm_bindgen(typescript_type = "Devices")]
    pub type Devices;
    #[wasm_bindgen(method)]
    fn spawn(this: &Devices, spawn: Ts<Spawn>);
    #[wasm_bindgen(method)]
    fn kill(this: &Devices, pid: Pid);
    #[wasm_bindgen(method)]
    fn to_process(this: &Devices, pid: Pid, message: &[u8]);
    #[wasm_bindgen(method)]
    fn to_page(this: &Devices, message: &[u8]);
    #[wasm_bindgen(method)]
    fn tell_page(this: &Devices, message: Ts<FromMachine>);
}

/// The computer. After each call, [`Machine::flush`] carries out what it wants done.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Machine {
    machine: machine::Machine,
    /// The working directory of every process.
    directory: String,
}

#[wasm_bindgen]
impl Machine {
    /// A machine on which nothing runs. Processes work in `directory`.
    #[wasm_bindgen(constructor)]
    pub fn new(directory: String) -> Self {
        Self {
            machine: machine::Machine::new(),
            directory,
        }
    }

    /// Starts a server.
    ///
    /// # Errors
    /// The message is not what its type says.
    pub fn start(&mut self, start: &Ts<Start>, now: Millis) -> Result<(), JsError> {
        let Start {
            server,
            command,
            env,
        } = start.to_rust()?;
        let command = match command {
            CommandLine::Line(line) => StartCommand::Line(line),
            CommandLine::Words(words) => StartCommand::Words(words),
        };
        self.machine
            .start(server, &command, &env, &self.directory, now);
        Ok(())
    }

    /// Sends a server's master a signal. Returns whether there is one of this name.
    ///
    /// # Errors
    /// The message is not what its type says.
    pub fn signal(&mut self, signal: &Ts<SignalTo>, now: Millis) -> Result<bool, JsError> {
        let SignalTo { server, name } = signal.to_rust()?;
        let signal = match name {
            None => Some(self.machine.last_signal(server)),
            Some(name) => Signal::named(&name),
        };
        if let Some(signal) = signal {
            self.machine.signal(server, signal, now);
        }
        Ok(signal.is_some())
    }

    /// What connections are claimed by, where memory can be shared.
    pub fn share_claims(&mut self, claims: Claims) {
        self.machine.share_claims(Box::new(claims));
    }

    /// How many workers may be asked for, by the memory that there is.
    pub fn set_room(&mut self, room: u32) {
        self.machine.set_room(room);
    }

    /// How many processors there are.
    pub fn set_processors(&mut self, processors: u32) {
        self.machine.set_processors(processors);
    }

    /// There is a file or directory at this absolute path, perhaps with a text that a command line
    /// may ask for.
    pub fn add_file(&mut self, path: &str, text: Option<String>) {
        self.machine.add_file(path, text);
    }

    /// There is no file at this path any more.
    pub fn remove_file(&mut self, path: &str) {
        self.machine.remove_file(path);
    }

    /// A file of the working directory has changed: its absolute path.
    pub fn file_changed(&mut self, path: &str, now: Millis) {
        self.machine.file_changed(path, now);
    }

    /// A message of the page.
    pub fn deliver_page(&mut self, message: &[u8], now: Millis) {
        self.machine.from_page(message, now);
    }

    /// A message of a process.
    pub fn deliver_process(&mut self, pid: Pid, message: &[u8], now: Millis) {
        self.machine.from_process(pid, message, now);
    }

    /// What a process's worker says in its place.
    pub fn output(&mut self, pid: Pid, text: &str, now: Millis) {
        self.machine.output(pid, text, now);
    }

    /// A process has ended: with this exit code, or by the signal of this negative number.
    pub fn exited(&mut self, pid: Pid, status: i32, now: Millis) {
        let exit = Signal::numbered(-status).map_or(Exit::Code(status), Exit::Signal);
        self.machine.exited(pid, exit, now);
    }

    /// Whether nobody is connected to anything.
    pub fn is_quiet(&self) -> bool {
        self.machine.is_quiet()
    }

    /// When `tick` is due; infinite if never.
    pub fn deadline(&self) -> Millis {
        self.machine.deadline().unwrap_or(Millis::INFINITY)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        self.machine.tick(now);
    }

    /// Carries out what is to be done.
    ///
    /// # Errors
    /// A message could not be made.
    pub fn flush(&mut self, devices: &Devices) -> Result<(), JsError> {
        while let Some(output) = self.machine.next_output() {
            self.carry_out(output, devices)?;
        }
        for (pid, message) in self.machine.take_messages() {
            devices.to_process(pid, &message);
        }
        let page = self.machine.take_page();
        if !page.is_empty() {
            devices.to_page(&page);
        }
        Ok(())
    }
}

impl Machine {
    fn carry_out(&mut self, output: Output, devices: &Devices) -> Result<(), JsError> {
        let message = match output {
            Output::Spawn {
                pid,
                parent,
                argv,
                env,
                configuration,
                replaced,
                forks,
            } => {
                let process = Identity {
                    argv,
                    env,
                    configuration,
                    pid,
                    ppid: parent,
                    directory: self.directory.clone(),
                };
                let spawn = Spawn {
                    process,
                    replaced,
                    forks,
                };
                devices.spawn(spawn.into_ts()?);
                return Ok(());
            }
            Output::Kill(pid) => {
                devices.kill(pid);
                return Ok(());
            }
            Output::Log {
                server,
                stream,
                line,
                time,
            } => FromMachine::Log(LogLine {
                server: server.number,
                stream: stream.into(),
                line,
                time,
            }),
            Output::Listening {
                server,
                address,
                port,
            } => FromMachine::Listening(Listening {
                server: server.number,
                address,
                port,
            }),
            Output::Exit { server, code } => {
                let spans = self.machine.take_spans();
                if !spans.is_empty() {
                    devices.to_page(&spans);
                }
                FromMachine::Exit(ServerExited {
                    server: server.number,
                    code,
                })
            }
        };
        devices.tell_page(message.into_ts()?);
        Ok(())
    }
}
