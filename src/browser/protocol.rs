//! The control plane: what page, machine and processes say to each other besides bytes.
//!
//! A message is an object with one member, named after what it says. `cargo xtask build` writes the
//! TypeScript of these types to `target/bindgen/wasgi_core.d.ts`, against which `www/` is checked:
//! `import("#wasgi_core").ToMachine`. Bytes (frames, see [`crate::wire`]) travel beside them.

use js_sys::{Map, Uint8Array, WebAssembly};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::preserve;
use tsify::Tsify;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::origins;
use crate::os::{Millis, Pid, Stream};
use crate::servers::Configuration;

// --- workers as they start

/// The first messages of a Web Worker of ours, which say what it is for.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// It is the machine.
    Machine(MachineInit),
    /// It is a process.
    Process(ProcessInit),
}

#[wasm_bindgen(typescript_custom_section)]
const LINE: &str = "
/** What one end of a link needs of shared memory. */
export interface Line {
  /** The ring that it reads. */
  reads: SharedArrayBuffer;
  /** The ring that it writes. */
  writes: SharedArrayBuffer;
  /** The bell of the thread at the other end. */
  calls: Int32Array;
}
";

/// What the machine's worker starts with.
#[derive(Debug, Serialize, Tsify)]
pub struct MachineInit {
    /// The module `wasgi_core`.
    #[serde(with = "preserve")]
    #[tsify(type = "WebAssembly.Module")]
    pub core: WebAssembly::Module,
    /// Where the assets are: an absolute URL that ends with a slash.
    pub base: String,
    /// To the page; null where memory cannot be shared.
    #[serde(with = "preserve")]
    #[tsify(type = "Line | null")]
    pub line: JsValue,
    /// The machine's bell; null where memory cannot be shared.
    #[serde(with = "preserve")]
    #[tsify(type = "Int32Array | null")]
    pub bell: JsValue,
}

// --- page and machine

/// What the page says to the machine.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum ToMachine {
    /// Files of the working directory change.
    Files(FileChanges),
    /// A server starts.
    Start(Start),
    /// The master of a server gets a signal.
    Signal(SignalTo),
    /// Processes boot before there is a server.
    Preload(Preload),
}

/// Files of the working directory, by their relative paths; null: the file is removed.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
#[serde(transparent)]
pub struct FileChanges(
    #[serde(with = "preserve")]
    #[tsify(type = "Map<string, Uint8Array | null>")]
    pub Map,
);

/// A command line, as typed in a shell or as its words.
#[derive(Debug, Clone, Deserialize, Tsify)]
#[serde(untagged)]
pub enum CommandLine {
    /// As typed.
    Line(String),
    /// Its words.
    Words(Vec<String>),
}

/// A server that is to be started.
#[derive(Debug, Deserialize, Tsify)]
pub struct Start {
    /// The page's number for it.
    pub server: u32,
    /// Its command line.
    pub command: CommandLine,
    /// Environment variables: names and values.
    pub env: Vec<(String, String)>,
}

/// A signal.
#[derive(Debug, Deserialize, Tsify)]
pub struct SignalTo {
    /// The server whose master gets it.
    pub server: u32,
    /// Its name without `SIG`; null: the one that ends the server in good order.
    #[tsify(type = "string | null")]
    pub name: Option<String>,
}

/// Processes that are to boot.
#[derive(Debug, Deserialize, Tsify)]
pub struct Preload {
    /// The page's number for the answer.
    pub id: u32,
    /// How many.
    pub workers: u32,
}

/// What the machine says to the page.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub enum FromMachine {
    /// The machine is up.
    Ready {},
    /// It could not start, or has crashed, for this reason.
    Failed(String),
    /// How much of Python has come.
    Progress(Progress),
    /// The oldest `files` that is not answered yet has been carried out.
    FilesWritten {},
    /// The answer to a `preload`.
    Preloaded(Preloaded),
    /// A line of a server's log.
    Log(LogLine),
    /// A server accepts.
    Listening(Listening),
    /// A server has exited.
    Exit(ServerExited),
}

/// How much of Python has come.
#[derive(Debug, Serialize, Tsify)]
pub struct Progress {
    /// What is going on, in words.
    pub step: String,
    /// Bytes that have come.
    pub loaded: f64,
    /// Bytes in all, as far as it is known.
    pub total: f64,
}

/// The answer to a `preload`.
#[derive(Debug, Serialize, Tsify)]
pub struct Preloaded {
    /// The page's number.
    pub id: u32,
    /// Why Python could not be prepared; null: it is.
    #[tsify(type = "string | null")]
    pub failure: Option<String>,
}

/// A stream of a server.
#[derive(Debug, Clone, Copy, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl From<Stream> for LogStream {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
        }
    }
}

/// A line of a server's log.
#[derive(Debug, Serialize, Tsify)]
pub struct LogLine {
    /// The server.
    pub server: u32,
    /// Where it was written to.
    pub stream: LogStream,
    /// The line, without its end.
    pub line: String,
    /// When it was written, in milliseconds since the epoch.
    #[tsify(type = "number")]
    pub time: Millis,
}

/// A server accepts.
#[derive(Debug, Serialize, Tsify)]
pub struct Listening {
    /// The server.
    pub server: u32,
    /// Like `http://127.0.0.1:8000`.
    pub address: String,
    /// The port.
    pub port: u16,
}

/// A server has exited.
#[derive(Debug, Serialize, Tsify)]
pub struct ServerExited {
    /// The server.
    pub server: u32,
    /// Its exit code.
    pub code: i32,
}

// --- machine and processes

/// A file on its way: who reads what has not come waits for it.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Arriving {
    /// The file.
    #[serde(with = "preserve")]
    #[tsify(type = "ArrayBufferLike")]
    pub buffer: JsValue,
    /// How many of its bytes are there; null: all.
    #[serde(with = "preserve")]
    #[tsify(type = "Int32Array | null")]
    pub arrived: JsValue,
}

/// What every process is made of.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct PythonAssets {
    /// Where `python/` is: an absolute URL that ends with a slash.
    pub base: String,
    /// `pyodide.asm.wasm`, compiled.
    #[serde(with = "preserve")]
    #[tsify(type = "WebAssembly.Module")]
    pub module: WebAssembly::Module,
    /// The standard library's zip.
    pub stdlib: Arriving,
    /// The package file.
    pub pack: Arriving,
    /// Where the monotonic clock of all processes begins, in milliseconds since the epoch.
    #[tsify(type = "number")]
    pub clock_origin: Millis,
}

/// An image of a process's memory. What is in it is JavaScript's affair: see `www/worker/image.js`.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
#[serde(transparent)]
pub struct Image(
    #[serde(with = "preserve")]
    #[tsify(type = "ProcessImage")]
    pub JsValue,
);

/// What a process's memory is to be.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum MemoryOf {
    /// That of an interpreter that boots.
    Boot {
        /// Whether an image of it is wanted.
        #[serde(rename = "makesImage")]
        makes_image: bool,
    },
    /// A copy of an image.
    Image(Image),
    /// A copy of the image that comes in a message of its own, if one does.
    Awaited {},
}

impl From<origins::MemoryOf<Image>> for MemoryOf {
    fn from(memory: origins::MemoryOf<Image>) -> Self {
        match memory {
            origins::MemoryOf::Boot { makes_image } => Self::Boot { makes_image },
            origins::MemoryOf::Image(image) => Self::Image(image),
            origins::MemoryOf::Awaited => Self::Awaited {},
        }
    }
}

/// What a process's worker starts with: all but which process it is.
#[derive(Debug, Serialize, Tsify)]
pub struct ProcessInit {
    /// The module `wasgi_core`.
    #[serde(with = "preserve")]
    #[tsify(type = "WebAssembly.Module")]
    pub core: WebAssembly::Module,
    /// What it is made of.
    pub python: PythonAssets,
    /// What its memory is to be.
    pub memory: MemoryOf,
}

/// What the machine says to a process's worker.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub enum ToWorker {
    /// The image that it waits for; null: none could be made.
    Image(#[tsify(type = "Image | null")] Option<Image>),
    /// Which process it is.
    Identity(ProcessIdentity),
    /// Files of the working directory change.
    Files(FileChanges),
}

/// Which process a worker is, and what the process is given.
#[derive(Debug, Serialize, Tsify)]
pub struct ProcessIdentity {
    /// Which process it is.
    pub process: Identity,
    /// The files of the working directory.
    pub files: FileChanges,
    /// What the machine has said to it already.
    #[serde(with = "preserve")]
    #[tsify(type = "Uint8Array[]")]
    pub messages: js_sys::Array<Uint8Array>,
    /// To the machine; null where memory cannot be shared.
    #[serde(with = "preserve")]
    #[tsify(type = "Line | null")]
    pub line: JsValue,
    /// The process's bell; null where memory cannot be shared.
    #[serde(with = "preserve")]
    #[tsify(type = "Int32Array | null")]
    pub bell: JsValue,
    /// Claims of connections, which all processes share with the machine; null where memory cannot
    /// be shared.
    #[serde(with = "preserve")]
    #[tsify(type = "Int32Array | null")]
    pub claims: JsValue,
}

/// Which process it is, as far as Rust is told.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
pub struct Identity {
    /// The command line, word by word.
    pub argv: Vec<String>,
    /// The environment variables: names and values.
    pub env: Vec<(String, String)>,
    /// What it is told of configuration files, which it does not read.
    #[tsify(type = "'CommandLine' | 'Unread' | { Read: string[] }")]
    pub configuration: Configuration,
    /// The process id.
    pub pid: Pid,
    /// The parent's process id.
    pub ppid: Pid,
    /// The working directory of the command.
    pub directory: String,
}

/// What a process's worker says to the machine.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum FromWorker {
    /// The image that it was to make; null: none could be made.
    Image(#[tsify(type = "Image | null")] Option<Image>),
    /// Its interpreter has booted: it can become a process at once.
    Ready {},
    /// It has crashed, or could not boot.
    Failed(String),
    /// The process has forked.
    Fork(Forked),
    /// The process ends itself: its exit code, or the negative number of the signal that it dies
    /// of.
    Exit(i32),
}

/// A process has forked.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum Forked {
    /// Its children are copies of this image.
    Image(Image),
    /// No image could be made, for this reason.
    Refused(String),
}

#[wasm_bindgen(typescript_custom_section)]
const IMAGE: &str = "
/** An image of a process's memory, and of what lies outside of it. */
export interface ProcessImage {
  /** Of the memory, in bytes. */
  size: number;
  /** Where the main thread's stack begins. */
  stack: number;
  /** Parts of the memory that are not all zero: where they begin and end. */
  runs: number[];
  /** These parts, one after the other. */
  bytes: ArrayBufferLike;
  /** The JavaScript objects that Python holds, by names. */
  handles: { hiwireKeys: ({ serialized: string } | null)[]; immortalKeys: string[] };
  libraries: ImageLibraries;
  files: ImageFiles;
  /** The files of the project, as the process had them given. */
  given: Map<string, Uint8Array | null>;
}

/** Dynamic libraries and their places. */
export interface ImageLibraries {
  /** In the order of their places in the table. */
  loaded: {
    /** What dlopen() gave. */
    handle: number;
    path: string;
    /** Under which Emscripten knows it. */
    names: string[];
    global: boolean;
    /** Where its memory begins. */
    memoryBase: number;
    /** Where its functions begin in the table. */
    tableBase: number;
    tableSize: number;
    module: WebAssembly.Module;
  }[];
  tableLength: number;
  /** Functions that somebody took a pointer to. */
  taken: [index: number, library: number, name: string][];
}

/** Files that were written, and those that are open. */
export interface ImageFiles {
  entries: {
    path: string;
    mode: number;
    /** Milliseconds since the epoch. */
    mtime: number;
    /** Of a file, of a symbolic link; null: a directory. */
    content: Uint8Array | string | null;
  }[];
  open: {
    fd: number;
    path: string;
    flags: number;
    position: number;
    /** Of a file that has no name any more. */
    content: Uint8Array | null;
  }[];
  directory: string;
}
";
