//! The machine and its devices, as the entry of the worker sees them (`www/worker/machine.js`).

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures::StreamExt as _;
use js_sys::WebAssembly;
use tsify::{Ts, Tsify as _};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageChannel;

use super::assets::LoadingPython;
use super::image_cache::ImageCache;
use super::links::{Link, MachineLinks, send_message};
use super::process::Processes;
use super::project::{DIRECTORY, Project};
use super::scope::{Clock, room, scope};
use super::turns::{Turns, Work};
use super::workers::{WorkerEvents, Workers};
use crate::browser::Claims;
use crate::browser::machine::{Machine, Wanted};
use crate::browser::protocol::{
    FileChanges, FromMachine, FromWorker, Image, PythonAssets, ToMachine, ToWorker,
};
use crate::origins::Origins;
use crate::os::{Millis, Pid};

/// The machine and its devices.
#[wasm_bindgen]
#[derive(Debug)]
pub struct MachineWorker(Rc<Devices>);

#[wasm_bindgen]
impl MachineWorker {
    /// A machine on which nothing runs. `core` is this module, the assets are at `base`; without
    /// shared memory there are no claims.
    ///
    /// # Errors
    /// The browser lacks something that every browser has.
    #[wasm_bindgen(constructor)]
    pub fn new(
        core: WebAssembly::Module,
        base: String,
        links: MachineLinks,
        claims: Option<Claims>,
    ) -> Result<Self, JsValue> {
        Devices::new(core, base, links, claims).map(Self)
    }

    /// Does what there is to do, until there is nothing more or the event loop is to turn.
    pub fn work(&self) {
        self.0.work();
    }

    /// The page sends frames.
    #[wasm_bindgen(js_name = framesFromPage)]
    pub fn frames_from_page(&self, message: &[u8]) {
        let Devices { machine, clock, .. } = &*self.0;
        machine.borrow_mut().deliver_page(message, clock.now());
    }

    /// The page says something.
    ///
    /// # Errors
    /// The message is not what its type says.
    #[wasm_bindgen(js_name = fromPage)]
    pub fn said_by_page(&self, message: &Ts<ToMachine>) -> Result<(), JsError> {
        self.0.on_page(message.to_rust()?);
        Ok(())
    }

    /// A process sends frames.
    #[wasm_bindgen(js_name = framesFromProcess)]
    pub fn frames_from_process(&self, pid: Pid, message: &[u8]) {
        let Devices {
            machine,
            processes,
            clock,
            ..
        } = &*self.0;
        if let Some(process) = processes.borrow_mut().get_mut(pid) {
            process.has_booted();
        }
        machine
            .borrow_mut()
            .deliver_process(pid, message, clock.now());
    }

    /// A process says something.
    ///
    /// # Errors
    /// The message is not what its type says.
    #[wasm_bindgen(js_name = fromProcess)]
    pub fn said_by_process(&self, pid: Pid, message: &Ts<FromWorker>) -> Result<(), JsError> {
        self.0.on_process(pid, message.to_rust()?);
        Ok(())
    }
}

/// What the machine works with.
#[derive(Debug)]
pub(super) struct Devices {
    pub(super) machine: RefCell<Machine>,
    pub(super) project: Project,
    pub(super) processes: RefCell<Processes>,
    pub(super) origins: RefCell<Origins<Image>>,
    pub(super) workers: Workers,
    pub(super) core: WebAssembly::Module,
    pub(super) base: String,
    pub(super) links: MachineLinks,
    pub(super) page: Link,
    pub(super) claims: JsValue,
    pub(super) cache: ImageCache,
    /// The image that is kept for the next visit once a server accepts.
    pub(super) to_keep: RefCell<Option<Image>>,
    /// What processes are made of, as it is fetched.
    pub(super) loading: RefCell<Option<LoadingPython>>,
    /// What was fetched last.
    pub(super) python: RefCell<Option<PythonAssets>>,
    pub(super) clock: Clock,
    turns: Turns,
}

impl Devices {
    fn new(
        core: WebAssembly::Module,
        base: String,
        links: MachineLinks,
        claims: Option<Claims>,
    ) -> Result<Rc<Self>, JsValue> {
        let mut machine = Machine::new(DIRECTORY.to_owned());
        let project = Project::new(&mut machine);
        let words = claims.as_ref().map_or(JsValue::NULL, Claims::words);
        if let Some(claims) = claims {
            machine.share_claims(Box::new(claims));
        }
        machine.set_room(room());
        let navigator = scope().navigator();
        machine.set_processors(navigator.hardware_concurrency() as u32);
        let (workers, events) = Workers::new(base.clone());
        let channel = MessageChannel::new()?;
        // The loop's timers know the devices that it works for.
        let devices = Rc::new_cyclic(|this: &Weak<Self>| Self {
            turns: Turns::new(&links, &channel, {
                let this = this.clone();
                move || {
                    if let Some(devices) = this.upgrade() {
                        devices.work();
                    }
                }
            }),
            machine: RefCell::new(machine),
            project,
            processes: RefCell::default(),
            origins: RefCell::default(),
            workers,
            core,
            cache: ImageCache::new(base.clone()),
            to_keep: RefCell::new(None),
            base,
            page: links.page(),
            links,
            claims: words,
            loading: RefCell::default(),
            python: RefCell::default(),
            clock: Clock::new(),
        });
        spawn_local(Rc::clone(&devices).hear_workers(events));
        Ok(devices)
    }

    /// Does what there is to do.
    pub(super) fn work(self: &Rc<Self>) {
        self.turns.run(self, &self.clock);
    }

    /// Hears of each worker what happens to it.
    async fn hear_workers(self: Rc<Self>, mut events: WorkerEvents) {
        while let Some((worker, event)) = events.next().await {
            self.on_worker(worker, event);
            self.work();
        }
    }

    /// What the page says.
    fn on_page(self: &Rc<Self>, message: ToMachine) {
        let now = self.clock.now();
        match message {
            ToMachine::Files(files) => self.change_files(&files, now),
            ToMachine::Start(start) => self.machine.borrow_mut().start(start, now),
            ToMachine::Signal(signal) => {
                // A signal of an unknown name is none.
                let _ = self.machine.borrow_mut().signal(signal, now);
            }
            ToMachine::Preload(preload) => self.preload(&preload),
        }
    }

    /// The page changes files of the working directory.
    fn change_files(&self, files: &FileChanges, now: Millis) {
        self.project
            .change(files, &mut self.machine.borrow_mut(), now);
        if let Ok(message) = ToWorker::Files(files.clone()).into_ts() {
            let message = message.js_value();
            let processes = self.processes.borrow();
            // Those that are not told yet which process they are will get all files.
            for link in processes.all().filter_map(|process| process.link()) {
                link.post(&message);
            }
        }
        send_message(&self.page, &FromMachine::FilesWritten {});
    }

    /// Calls origins, and carries out what they want done.
    pub(super) fn with_origins<R>(&self, call: impl FnOnce(&mut Origins<Image>) -> R) -> R {
        let result = call(&mut self.origins.borrow_mut());
        self.carry_out();
        result
    }

    fn carry_out_wanted(self: &Rc<Self>, wanted: Wanted) {
        match wanted {
            Wanted::Spawn(spawn) => self.spawn(spawn),
            Wanted::Kill(pid) => self.kill(pid),
            Wanted::Send(frames) => self.page.send(&frames),
            Wanted::Tell(message) => {
                match message {
                    FromMachine::Exit(_) => self.with_origins(Origins::server_ended),
                    FromMachine::Listening(_) => self.keep_image(),
                    _ => {}
                }
                send_message(&self.page, &message);
            }
        }
    }
}

impl Work for Rc<Devices> {
    fn deadline(&self) -> Millis {
        let machine = self.machine.borrow().deadline();
        let origins = self.origins.borrow().deadline();
        origins.map_or(machine, |origins| origins.min(machine))
    }

    fn tick(&self, now: Millis) {
        if self.machine.borrow().deadline() <= now {
            self.machine.borrow_mut().tick(now);
        }
        if self.origins.borrow().deadline().is_some_and(|at| at <= now) {
            let is_quiet = self.machine.borrow().is_quiet();
            self.with_origins(|origins| origins.tick(now, is_quiet));
        }
    }

    fn receive_next(&self) -> bool {
        self.links.receive_next()
    }

    fn is_posted(&self) -> bool {
        self.links.is_posted()
    }

    fn flush(&self) {
        loop {
            let wanted = self.machine.borrow_mut().next_wanted();
            let Some(wanted) = wanted else {
                break;
            };
            self.carry_out_wanted(wanted);
        }
        let messages = self.machine.borrow_mut().take_messages();
        for (pid, message) in messages {
            if let Some(process) = self.processes.borrow_mut().get_mut(pid) {
                process.send(message);
            }
        }
        let page = self.machine.borrow_mut().take_page();
        if !page.is_empty() {
            self.page.send(&page);
        }
    }
}
