//! The machine's ends of its links, which are JavaScript: see `www/link/` and
//! `www/worker/machine-links.js`.

use js_sys::Function;
use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Worker;

use crate::os::Pid;

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = "
/** An end of a link: see `www/link/link.js`. */
export interface LinkEnd<Out> {
  /** The bytes may be a view of wasm memory. */
  send(bytes: Uint8Array): void;
  sendJson(message: Out): void;
  post(message: Out): void;
  accept(data: unknown): void;
}

/** The machine's bell: see `www/link/bell.js`. */
export interface MachineBell {
  readonly state: Int32Array | null;
  awake(): void;
  wait(isReady: () => boolean, timeout: number): void;
  sleep(isReady: () => boolean): boolean;
}

/** A link to a process: this end, and what the process is given of it. */
export interface ProcessLink {
  readonly link: LinkEnd<ToWorker>;
  readonly line: Line | null;
  readonly bell: Int32Array | null;
}

/** The machine's links: see `www/worker/machine-links.js`. */
export interface MachineLinks {
  readonly page: LinkEnd<FromMachine>;
  readonly bell: MachineBell;
  /** Whether a message can be taken. */
  readonly isReady: () => boolean;
  /** Whether a message can be taken, or the event loop has one to bring. */
  readonly isCalled: () => boolean;
  /** Whether the event loop has a message to bring. */
  isPosted(): boolean;
  /** Gives the machine the message that was said first; false: there is none. */
  receiveNext(): boolean;
  connect(pid: number, port: Worker): ProcessLink;
  disconnect(pid: number): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// An end of a link. No method calls back.
    #[derive(Debug, Clone)]
    #[wasm_bindgen(typescript_type = "LinkEnd")]
    pub type Link;
    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Link, bytes: &[u8]);
    /// What JSON has words for.
    #[wasm_bindgen(method, js_name = sendJson)]
    pub(super) fn send_json(this: &Link, message: &JsValue);
    /// Anything that can be posted.
    #[wasm_bindgen(method)]
    pub(super) fn post(this: &Link, message: &JsValue);
    /// The event loop has brought this.
    #[wasm_bindgen(method)]
    pub(super) fn accept(this: &Link, data: &JsValue);

    /// The machine's bell. What it is given to ask whether there is something calls no Rust.
    #[derive(Debug, Clone)]
    pub type Bell;
    /// Null where memory cannot be shared.
    #[wasm_bindgen(method, getter)]
    pub(super) fn state(this: &Bell) -> JsValue;
    #[wasm_bindgen(method)]
    pub(super) fn awake(this: &Bell);
    #[wasm_bindgen(method)]
    pub(super) fn wait(this: &Bell, is_ready: &Function, timeout: f64);
    #[wasm_bindgen(method)]
    pub(super) fn sleep(this: &Bell, is_ready: &Function) -> bool;

    /// A link to a process.
    #[derive(Debug)]
    pub type ProcessLink;
    #[wasm_bindgen(method, getter)]
    pub(super) fn link(this: &ProcessLink) -> Link;
    #[wasm_bindgen(method, getter)]
    pub(super) fn line(this: &ProcessLink) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn bell(this: &ProcessLink) -> JsValue;

    /// The machine's links. Only `receive_next` calls back, by what is exported for it.
    #[derive(Debug)]
    #[wasm_bindgen(typescript_type = "MachineLinks")]
    pub type MachineLinks;
    #[wasm_bindgen(method, getter)]
    pub(super) fn page(this: &MachineLinks) -> Link;
    #[wasm_bindgen(method, getter, js_name = bell)]
    pub(super) fn machine_bell(this: &MachineLinks) -> Bell;
    #[wasm_bindgen(method, getter, js_name = isReady)]
    pub(super) fn is_ready(this: &MachineLinks) -> Function;
    #[wasm_bindgen(method, getter, js_name = isCalled)]
    pub(super) fn is_called(this: &MachineLinks) -> Function;
    #[wasm_bindgen(method, js_name = isPosted)]
    pub(super) fn is_posted(this: &MachineLinks) -> bool;
    #[wasm_bindgen(method, js_name = receiveNext)]
    pub(super) fn receive_next(this: &MachineLinks) -> bool;
    #[wasm_bindgen(method)]
    pub(super) fn connect(this: &MachineLinks, pid: Pid, port: &Worker) -> ProcessLink;
    #[wasm_bindgen(method)]
    pub(super) fn disconnect(this: &MachineLinks, pid: Pid);
}

/// Sends something that JSON has words for.
pub(super) fn send_message<T: Tsify + Serialize>(link: &Link, message: &T) {
    // The types of messages have nothing that cannot be told.
    if let Ok(message) = message.into_ts() {
        link.send_json(&message.js_value());
    }
}
