//! `Machine` as the devices use it, and `Process` as `www/worker/` does, with a memory that
//! records, in a worker.

use std::collections::VecDeque;

use js_sys::{Array, Object, Reflect};
use tsify::{Ts, Tsify};
use wasgi::browser::protocol::{FromMachine, Identity, LogStream, SignalTo, Start};
use wasgi::browser::{
    Keys, Machine, Memory, Outcome, Process, Reply, Spawn, SyncWorker, ThreadedWorker, WaitFor,
    Wanted, WsgiRequests,
};
use wasgi::net::frame::{FromPage, FromProcess, ToPage, frames, push};
use wasgi::servers::Configuration;
use wasgi::wire::strings::{self, Strings};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(inline_js = r#"
export class RecordingMemory {
  constructor() { this.bytes = new Uint8Array(1 << 16); this.number = 0; this.sent = []; }
  send(message) { this.sent.push(message.slice()); }
  take() { return this.sent.shift(); }
  put(bytes, number) { this.bytes.set(bytes); this.number = number; }
  putNumber(number) { this.number = number; }
  get(into) { into.set(this.bytes.subarray(0, into.length)); }
  peek(length) { return this.bytes.slice(0, length); }
}
"#)]
extern "C" {
    #[derive(Clone)]
    type RecordingMemory;
    #[wasm_bindgen(constructor)]
    fn new() -> RecordingMemory;
    #[wasm_bindgen(method)]
    fn put(this: &RecordingMemory, bytes: &[u8], number: usize);
    #[wasm_bindgen(method, getter)]
    fn number(this: &RecordingMemory) -> u32;
    #[wasm_bindgen(method)]
    fn peek(this: &RecordingMemory, length: usize) -> Vec<u8>;
    #[wasm_bindgen(method)]
    fn take(this: &RecordingMemory) -> Option<Vec<u8>>;
}

const SERVER: u32 = 1;
/// What Python's main thread waits for.
const CONNECTIONS: u32 = Keys::Connections as u32;
const DIRECTORY: &str = "/home/wasgi/project";

/// A machine and one process of it, with what lies between them.
struct Computer {
    machine: Machine,
    calls: Vec<String>,
    /// Frames for processes.
    messages: VecDeque<Vec<u8>>,
    page: Vec<u8>,
}

impl Computer {
    fn new() -> Self {
        Self {
            machine: Machine::new(DIRECTORY.to_owned()),
            calls: Vec::new(),
            messages: VecDeque::new(),
            page: Vec::new(),
        }
    }

    fn start(&mut self, line: &str) {
        self.machine.start(start(&line.into(), &[]), 0.0);
        self.flush();
    }

    /// Whether there is a signal of this name.
    fn signal(&mut self, name: &str, now: f64) -> bool {
        let message = Object::new();
        set(&message, "server", &SERVER.into());
        set(&message, "name", &name.into());
        let message: SignalTo = Ts::new_unchecked(message.into()).to_rust().unwrap();
        self.machine.signal(message, now)
    }

    fn flush(&mut self) {
        while let Some(wanted) = self.machine.next_wanted() {
            self.record(wanted);
        }
        let messages = self.machine.take_messages();
        self.messages
            .extend(messages.into_iter().map(|(_, message)| message));
        self.page.extend(self.machine.take_page());
    }

    fn record(&mut self, wanted: Wanted) {
        let call = match wanted {
            Wanted::Spawn(Spawn { process, .. }) => {
                let env = process.env.iter();
                let env: Vec<_> = env.flat_map(|(name, value)| [&**name, value]).collect();
                let (argv, env) = (process.argv.join(" "), env.join(" "));
                format!("spawn {} of {}: {argv} [{env}]", process.pid, process.ppid)
            }
            Wanted::Kill(pid) => format!("kill {pid}"),
            Wanted::Send(frames) => return self.page.extend(frames),
            Wanted::Tell(FromMachine::Log(log)) => {
                let stream = match log.stream {
                    LogStream::Stdout => 1,
                    LogStream::Stderr => 2,
                };
                format!("log {} {stream}: {}", log.server, log.line)
            }
            Wanted::Tell(FromMachine::Listening(listening)) => format!(
                "listening {}: {} {}",
                listening.server, listening.address, listening.port
            ),
            Wanted::Tell(FromMachine::Exit(exit)) => {
                format!("exit {}: {}", exit.server, exit.code)
            }
            Wanted::Tell(message) => format!("{message:?}"),
        };
        self.calls.push(call);
    }

    /// Carries messages both ways until nobody has anything to say.
    fn settle(&mut self, process: &Process, memory: &RecordingMemory, pid: u32) {
        loop {
            self.flush();
            process.flush(true, 1.0);
            let said = memory.take();
            let told = self.messages.pop_front();
            if said.is_none() && told.is_none() {
                return;
            }
            if let Some(message) = said {
                self.machine.deliver_process(pid, &message, 1.0);
            }
            if let Some(message) = told {
                process.deliver(&message, 1.0);
            }
        }
    }

    /// The pid of the process that was spawned last.
    fn spawned(&self) -> u32 {
        let spawn = self
            .calls
            .iter()
            .rfind(|call| call.starts_with("spawn "))
            .unwrap();
        spawn.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Lets the machine's clock go from timer to timer until the server has exited.
    fn exit(&mut self) -> String {
        for _ in 0..100 {
            self.flush();
            if let Some(exit) = self.calls.iter().find(|call| call.starts_with("exit ")) {
                return exit.clone();
            }
            let due = self.machine.deadline();
            self.machine.tick(due);
        }
        format!("still runs: {:?}", self.calls)
    }

    fn has(&self, call: &str) -> bool {
        self.calls.iter().any(|found| found.contains(call))
    }
}

fn process(argv: &[&str], pid: u32) -> (Process, RecordingMemory) {
    let memory = RecordingMemory::new();
    let shared = memory.clone().unchecked_into::<Memory>();
    let identity = identity(argv, pid).into_ts().unwrap();
    let process = Process::new(shared, identity, 0.0, 0.0).unwrap();
    (process, memory)
}

/// A command line as the page sends it.
fn start(command: &JsValue, env: &[(&str, &str)]) -> Start {
    let message = Object::new();
    set(&message, "server", &SERVER.into());
    set(&message, "command", command);
    let env = env.iter().map(|(name, value)| {
        let pair = [*name, *value].map(JsValue::from);
        pair.into_iter().collect::<Array>()
    });
    set(&message, "env", &env.collect::<Array>());
    Ts::new_unchecked(message.into()).to_rust().unwrap()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    assert_eq!(Reflect::set(object, &name.into(), value), Ok(true));
}

fn identity(argv: &[&str], pid: u32) -> Identity {
    Identity {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        env: Vec::new(),
        configuration: Configuration::CommandLine,
        pid,
        ppid: pid - 1,
        directory: DIRECTORY.to_owned(),
    }
}

fn run(strings: &[&str]) -> Vec<u8> {
    let mut run = Vec::new();
    strings.iter().collect::<Strings>().encode_into(&mut run);
    run
}

#[wasm_bindgen_test]
fn a_command_line_starts_a_master_that_spawns_a_process() {
    let mut computer = Computer::new();
    computer.start("GREETING='Good day' gunicorn app:app");
    assert!(computer.has("Starting gunicorn"), "{:?}", computer.calls);
    assert!(
        computer.has(": gunicorn app:app [GREETING Good day]"),
        "{:?}",
        computer.calls
    );
    assert!(!computer.has("listening"), "{:?}", computer.calls);
}

#[wasm_bindgen_test]
fn an_unknown_command_exits_with_127() {
    let mut computer = Computer::new();
    computer.start("nosuch app:app");
    assert_eq!(
        computer.calls,
        ["log 1 2: bash: nosuch: command not found", "exit 1: 127"]
    );
}

#[wasm_bindgen_test]
fn words_are_not_split_again() {
    let mut computer = Computer::new();
    let words = ["gunicorn", "app:create('a b')"]
        .map(str::to_owned)
        .to_vec();
    let words = words.into_iter().map(JsValue::from).collect::<Array>();
    let start = start(&words.into(), &[("NAME", "value")]);
    computer.machine.start(start, 0.0);
    computer.flush();
    assert!(
        computer.has(": gunicorn app:create('a b') [NAME value]"),
        "{:?}",
        computer.calls
    );
}

#[wasm_bindgen_test]
fn an_unknown_signal_is_told() {
    let mut computer = Computer::new();
    computer.start("gunicorn app:app");
    assert!(!computer.signal("NOSUCH", 0.0));
    assert!(computer.signal("TERM", 0.0));
}

#[wasm_bindgen_test]
fn a_process_that_cannot_boot_ends_the_server() {
    let mut computer = Computer::new();
    computer.start("gunicorn app:app");
    let pid = computer.spawned();
    computer
        .machine
        .output(pid, "Python could not be loaded\nat all", 1.0);
    computer.machine.exited(pid, 3, 1.0);
    computer.flush();
    assert!(
        computer.has("log 1 2: Python could not be loaded"),
        "{:?}",
        computer.calls
    );
    assert_eq!(computer.exit(), "exit 1: 3");
}

#[wasm_bindgen_test]
fn no_timer_is_set_where_nothing_is_due() {
    assert!(Machine::new(DIRECTORY.to_owned()).deadline().is_infinite());
    let mut computer = Computer::new();
    computer.start("gunicorn app:app");
    assert!(
        computer.machine.deadline().is_finite(),
        "the master looks after its workers"
    );
}

#[wasm_bindgen_test]
fn a_process_needs_a_command_line_that_starts_a_server() {
    let memory = RecordingMemory::new().unchecked_into::<Memory>();
    let identity = identity(&["gunicorn", "--version"], 2).into_ts().unwrap();
    assert!(Process::new(memory, identity, 0.0, 0.0).is_err());
}

#[wasm_bindgen_test]
fn what_python_prints_leaves_as_lines() {
    let (process, memory) = process(&["gunicorn", "app:app"], 12);
    process.stdout(b"half a ");
    process.flush(true, 1.0);
    assert!(memory.take().is_none());
    process.stdout(b"line\n");
    process.flush(true, 1.0);
    let message = memory.take().unwrap();
    let said: Vec<_> = frames(&message)
        .map(|frame| (frame.kind, frame.id, frame.body))
        .collect();
    assert_eq!(said, [(FromProcess::Log, 1, &b"half a line"[..])]);
}

#[wasm_bindgen_test]
fn a_request_goes_from_the_page_through_a_process_and_back() {
    let mut computer = Computer::new();
    computer.start("gunicorn app:app");
    let pid = computer.spawned();
    let (process, memory) = process(&["gunicorn", "app:app"], pid);
    process.booted();
    computer.settle(&process, &memory, pid);
    assert_eq!(process.accept(), Reply::Accepting);
    computer.settle(&process, &memory, pid);
    assert!(
        computer.has("listening 1: http://127.0.0.1:8000 8000"),
        "{:?}",
        computer.calls
    );

    let worker = process.sync_worker().unwrap();
    let requests = process.wsgi_requests().unwrap();
    // The thread asks for a request before there is one.
    assert_eq!(worker.next_request(0, 1.0), Reply::Park);
    computer.settle(&process, &memory, pid);
    let mut message = Vec::new();
    let head = run(&["8000", "GET", "/path?x=1", "0", "Host", "127.0.0.1:8000"]);
    push(&mut message, FromPage::Fetch, 7, &head);
    computer.machine.deliver_page(&message, 1.0);
    let mut asked = 0;
    let event = loop {
        computer.settle(&process, &memory, pid);
        match worker.next_request(0, 1.0) {
            Reply::Park if asked < 10 => asked += 1,
            event => break event,
        }
    };
    assert_eq!(event, Reply::Request, "a request without a body");
    let environ = memory.peek(1 << 16);
    let strings: Vec<_> = strings::read(&environ)
        .map(String::from_utf8_lossy)
        .collect();
    let query = strings
        .iter()
        .position(|string| string == "QUERY_STRING")
        .unwrap();
    assert_eq!(strings[query + 1], "x=1");

    let head = run(&["200 OK", "Content-Length", "5"]);
    memory.put(&head, head.len());
    assert_eq!(requests.start_response(0, head.len(), false), Reply::Done);
    memory.put(b"hello", 5);
    assert_eq!(requests.write(0, 5, 2.0), Reply::Done);
    assert_eq!(requests.finish(0, 2.0), Reply::Done);
    computer.settle(&process, &memory, pid);
    worker.next_request(0, 2.0);
    computer.settle(&process, &memory, pid);

    let answer: Vec<_> = frames::<ToPage>(&computer.page)
        .filter(|frame| frame.id == 7)
        .collect();
    let kinds: Vec<_> = answer.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [ToPage::Head, ToPage::Data, ToPage::Eof]);
    let head: Vec<_> = strings::read(answer[0].body).collect();
    assert_eq!(head[1..3], [&b"200"[..], b"OK"]);
    assert_eq!(answer[1].body, b"hello");
}

#[wasm_bindgen_test]
fn a_signal_to_the_master_reaches_the_process_which_leaves() {
    let mut computer = Computer::new();
    computer.start("gunicorn app:app");
    let pid = computer.spawned();
    let (process, memory) = process(&["gunicorn", "app:app"], pid);
    process.booted();
    process.accept();
    computer.settle(&process, &memory, pid);
    let worker = process.sync_worker().unwrap();
    worker.next_request(0, 1.0);
    computer.settle(&process, &memory, pid);
    assert!(computer.signal("TERM", 1.0));
    process.wake_threads(1.0);
    process.thread_wait(WaitFor::Io, Some(CONNECTIONS), None, false, None, 1.0);
    while !process.wake_threads(1.0) {
        let due = computer.machine.deadline();
        assert!(due.is_finite(), "the thread that waits is woken");
        computer.machine.tick(due);
        computer.settle(&process, &memory, pid);
    }
    assert_eq!(
        worker.next_request(0, 1.0),
        Reply::Exit,
        "and told to leave"
    );
    computer.machine.exited(pid, 0, 1.0);
    assert_eq!(computer.exit(), "exit 1: 0");
}

#[wasm_bindgen_test]
fn a_thread_of_a_pool_serves_a_connection_by_its_number() {
    let mut computer = Computer::new();
    computer.start("gunicorn --threads 2 app:app");
    let pid = computer.spawned();
    let (process, memory) = process(&["gunicorn", "--threads", "2", "app:app"], pid);
    process.booted();
    process.accept();
    computer.settle(&process, &memory, pid);
    let worker = process.threaded_worker().unwrap();
    let requests = process.wsgi_requests().unwrap();
    assert_eq!(worker.next_connection(1.0), Reply::Park);
    let mut message = Vec::new();
    let head = run(&["8000", "GET", "/", "0", "Host", "127.0.0.1:8000"]);
    push(&mut message, FromPage::Fetch, 7, &head);
    computer.machine.deliver_page(&message, 1.0);
    let mut asked = 0;
    let connection = loop {
        computer.settle(&process, &memory, pid);
        match worker.next_connection(1.0) {
            Reply::Park if asked < 10 => asked += 1,
            reply => {
                assert_eq!(reply, Reply::Connection);
                break memory.number();
            }
        }
    };
    assert_eq!(
        worker.connection_request(connection, 1.0),
        Reply::Request,
        "a request without a body"
    );
    assert_eq!(memory.number(), connection);
    let head = run(&["200 OK", "Content-Length", "5"]);
    memory.put(&head, head.len());
    assert_eq!(
        requests.start_response(connection, head.len(), false),
        Reply::Done
    );
    memory.put(b"hello", 5);
    assert_eq!(requests.write(connection, 5, 2.0), Reply::Done);
    assert_eq!(requests.finish(connection, 2.0), Reply::Done);
    assert!(!worker.end_request(connection, 2.0));
    assert!(!worker.release_connection(connection, 2.0));
    computer.settle(&process, &memory, pid);
    let answer: Vec<_> = frames::<ToPage>(&computer.page)
        .filter(|frame| frame.id == 7)
        .collect();
    assert_eq!(answer[1].body, b"hello");
}

#[wasm_bindgen_test]
fn a_worker_has_the_calls_of_its_class_alone() {
    let classes = |argv: &[&str]| {
        let (process, _) = process(argv, 12);
        let sync: Option<SyncWorker> = process.sync_worker();
        let threaded: Option<ThreadedWorker> = process.threaded_worker();
        let requests: Option<WsgiRequests> = process.wsgi_requests();
        (
            sync.is_some(),
            threaded.is_some(),
            process.async_worker().is_some(),
            requests.is_some(),
        )
    };
    assert_eq!(
        classes(&["gunicorn", "app:app"]),
        (true, false, false, true)
    );
    assert_eq!(
        classes(&["gunicorn", "--threads", "2", "app:app"]),
        (false, true, false, true)
    );
    assert_eq!(
        classes(&["uvicorn", "app:app"]),
        (false, false, true, false)
    );
}

#[wasm_bindgen_test]
fn a_thread_that_is_resumed_learns_how_its_wait_ended() {
    let (process, _) = process(&["gunicorn", "app:app"], 12);
    process.thread_wait(WaitFor::Sleep, None, Some(5.0), false, None, 1.0);
    assert_eq!(process.next_thread(2.0), None, "it sleeps");
    assert_eq!(
        (process.next_thread(6.0), process.outcome()),
        (Some(1), Outcome::TimedOut)
    );
    let started = process.thread_spawn(7.0).unwrap();
    process.thread_yield(false, None, 7.0);
    assert_eq!(
        (process.next_thread(8.0), process.outcome()),
        (Some(started), Outcome::Start)
    );
}

#[wasm_bindgen_test]
fn python_is_told_about_its_process_in_one_object() {
    let (process, _) = process(&["gunicorn", "--timeout", "30", "package.module:app"], 12);
    let told = process.configuration().unwrap();
    let field = |name: &str| js_sys::Reflect::get(&told, &name.into()).unwrap();
    let option = |name: &str| js_sys::Reflect::get(&field("options"), &name.into()).unwrap();
    assert_eq!(field("server"), "gunicorn");
    assert_eq!(option("module"), "package.module");
    assert_eq!((field("pid"), field("ppid")), (12.into(), 11.into()));
    assert_eq!(field("heartbeat"), 15);
    assert_eq!(field("child"), true);
    assert_eq!(field("worker_class"), "sync");
}
