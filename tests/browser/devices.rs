//! The machine and its devices as the entry of the worker drives them, with links that record.

use js_sys::{Array, Map, Object, Reflect, Uint8Array, WebAssembly};
use tsify::Ts;
use wasgi::browser::protocol::ToMachine;
use wasgi::browser::{MachineLinks, MachineWorker};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(inline_js = r#"
export class RecordingLinks {
  constructor() {
    this.told = [];
    this.asked = [];
    this.page = {
      send() {},
      post() {},
      accept() {},
      sendJson: (message) => { this.told.push(JSON.stringify(message)); this.asked.shift()?.(); },
    };
    this.bell = { state: null, awake() {}, wait() {}, sleep: () => true };
    this.isReady = () => false;
    this.isCalled = () => false;
  }
  isPosted() { return false; }
  receiveNext() { return false; }
  // What is told to the page, once something is.
  async next() {
    while (this.told.length === 0) await new Promise((resolve) => this.asked.push(resolve));
    return this.told.shift();
  }
}
"#)]
extern "C" {
    #[derive(Clone)]
    type RecordingLinks;
    #[wasm_bindgen(constructor)]
    fn new() -> RecordingLinks;
    #[wasm_bindgen(method)]
    async fn next(this: &RecordingLinks) -> JsValue;
}

impl RecordingLinks {
    async fn told(&self) -> String {
        self.next().await.as_string().unwrap()
    }
}

/// A machine whose assets are at `base`.
fn machine(base: &str) -> (MachineWorker, RecordingLinks) {
    let links = RecordingLinks::new();
    let core: WebAssembly::Module = wasm_bindgen::module().unchecked_into();
    let face = links.clone().unchecked_into::<MachineLinks>();
    let machine = MachineWorker::new(core, base.to_owned(), face, None).unwrap();
    (machine, links)
}

fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &name.into(), &value).unwrap();
    }
    object.into()
}

fn say(machine: &MachineWorker, message: JsValue) {
    let message = Ts::<ToMachine>::new_unchecked(message.unchecked_into());
    assert!(machine.said_by_page(&message).is_ok());
    machine.work();
}

#[wasm_bindgen_test]
async fn the_page_is_told_what_the_machine_logs_and_how_a_server_exits() {
    let (machine, links) = machine("/nowhere/");
    let start = object([
        ("server", 7.into()),
        ("command", "nosuch app:app".into()),
        ("env", Array::new().into()),
    ]);
    say(&machine, object([("start", start)]));
    let log = links.told().await;
    assert!(
        log.starts_with(r#"{"log":{"server":7,"stream":"stderr","#),
        "{log}"
    );
    assert!(log.contains("bash: nosuch: command not found"), "{log}");
    assert_eq!(links.told().await, r#"{"exit":{"server":7,"code":127}}"#);
}

#[wasm_bindgen_test]
async fn the_page_is_told_when_its_files_are_written() {
    let (machine, links) = machine("/nowhere/");
    let files = Map::new();
    files.set(&"app.py".into(), &Uint8Array::new_with_length(3));
    files.set(&"old.py".into(), &JsValue::NULL);
    say(&machine, object([("files", files.into())]));
    assert_eq!(links.told().await, r#"{"filesWritten":{}}"#);
}

#[wasm_bindgen_test]
async fn a_preload_says_which_file_could_not_be_fetched_and_tries_again_the_next_time() {
    let (machine, links) = machine("/nowhere/");
    for id in [1, 2] {
        let preload = object([("id", id.into()), ("workers", 1.into())]);
        say(&machine, object([("preload", preload)]));
        let told = links.told().await;
        let begin = format!(r#"{{"preloaded":{{"id":{id},"failure":""#);
        assert!(told.starts_with(&begin), "{told}");
        assert!(
            told.contains("could not be fetched (404): is dist/ complete on this host?"),
            "{told}"
        );
    }
}
