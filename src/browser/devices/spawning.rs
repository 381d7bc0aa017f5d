//! How processes begin and end.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::download::DownloadError;
use super::machine_worker::Devices;
use super::process::Process;
use super::timer::sleep;
use super::workers::WorkerEvent;
use crate::browser::machine::Spawn;
use crate::browser::protocol::{Forked, FromWorker, Image, MemoryOf, ProcessInit, Role, ToWorker};
use crate::origins::{Action, Prepare, WorkerId};
use crate::os::{Millis, Pid};

/// An image is kept for the next visit when those that start now have started.
const STORE_AFTER: Millis = 3000.0;

/// What the log says where a master cannot fork, before the reason.
const NO_FORK: &str = "wasgi: each worker imports the app by itself: ";

/// How long is waited before an interpreter that has not come up is tried again, each time.
const BOOT_PAUSES: [Millis; 2] = [250.0, 1000.0];
/// What is said where there is no reason.
const NOT_STARTED: &str = "the process could not be started";
/// The exit status of a process whose interpreter crashes: by SIGABRT.
const ABORTED: i32 = -6;

impl Devices {
    /// Starts a process.
    pub(super) fn spawn(self: &Rc<Self>, spawn: Spawn) {
        let pid = spawn.process.pid;
        let process = Process::new(spawn);
        self.processes.borrow_mut().insert(pid, process);
        self.place(pid);
    }

    /// Gives a process a worker to run in.
    fn place(self: &Rc<Self>, pid: Pid) {
        let processes = self.processes.borrow();
        let parent = processes.get(pid).map(|its| its.spawn().process.ppid);
        drop(processes);
        let Some(parent) = parent else {
            return;
        };
        let now = self.clock.now();
        let prepared = self.with_origins(|origins| origins.take_prepared(parent, now));
        let worker =
            prepared.unwrap_or_else(|| self.with_origins(|origins| origins.create(parent)));
        let Some(port) = self.workers.port(worker) else {
            self.with_origins(|origins| origins.process_ended(pid, worker));
            self.could_not_boot(pid, NOT_STARTED);
            return;
        };
        let link = self.links.connect(pid, &port);
        self.processes.borrow_mut().place(pid, worker, &link);
        let is_prepared = prepared.is_some();
        let python = self.python();
        let devices = Rc::clone(self);
        spawn_local(async move {
            match python.await {
                Ok(_) => devices.begin(pid, worker, is_prepared),
                Err(error) => devices.cannot_begin(pid, worker, &error),
            }
            devices.work();
        });
    }

    /// What a process is made of is there. `is_prepared`: its worker was a spare or a blank.
    fn begin(&self, pid: Pid, worker: WorkerId, is_prepared: bool) {
        // It may have been killed meanwhile.
        if self.processes.borrow().of_worker(worker) != Some(pid) {
            return;
        }
        if !is_prepared {
            self.with_origins(|origins| origins.start(worker));
        }
        let begun = self
            .processes
            .borrow_mut()
            .get_mut(pid)
            .and_then(|process| {
                let identity = process.identify(self.project.files(), self.claims.clone())?;
                let &Spawn {
                    replaced, forks, ..
                } = process.spawn();
                Some((identity, replaced, forks))
            });
        let Some((identity, replaced, forks)) = begun else {
            return;
        };
        self.workers.send(worker, &ToWorker::Identity(identity));
        let processes = self.processes.borrow().len();
        let now = self.clock.now();
        self.with_origins(|origins| {
            if replaced {
                origins.prepare(Prepare::Replacement(worker), processes, now);
            }
            origins.expect_forks(forks as usize);
        });
    }

    fn cannot_begin(self: &Rc<Self>, pid: Pid, worker: WorkerId, error: &DownloadError) {
        if self.processes.borrow().of_worker(worker) == Some(pid) {
            self.process_failed(pid, &error.to_string());
        }
    }

    /// What a process says by its link.
    pub(super) fn on_process(self: &Rc<Self>, pid: Pid, message: FromWorker) {
        match message {
            FromWorker::Fork(Forked::Image(image)) => self.forked(pid, image),
            FromWorker::Fork(Forked::Refused(reason)) => {
                let now = self.clock.now();
                let line = format!("{NO_FORK}{reason}");
                self.machine.borrow_mut().output(pid, &line, now);
            }
            FromWorker::Exit(status) => self.exited(pid, status, None),
            // These are said before there is a link.
            FromWorker::Image(_) | FromWorker::Ready {} | FromWorker::Failed(_) => {}
        }
    }

    fn forked(self: &Rc<Self>, pid: Pid, image: Image) {
        self.with_origins(|origins| origins.forked(pid, image));
        let python = self.python();
        let devices = Rc::clone(self);
        // Its first worker may be long in coming: uWSGI's --cheap.
        spawn_local(async move {
            if python.await.is_ok() {
                let now = devices.clock.now();
                devices.with_origins(|origins| {
                    origins.prepare(Prepare::Children(pid), 1, now);
                });
                devices.work();
            }
        });
    }

    /// What happens to a worker.
    pub(super) fn on_worker(self: &Rc<Self>, worker: WorkerId, event: WorkerEvent) {
        match event {
            WorkerEvent::Failed(reason) => self.worker_failed(worker, reason),
            WorkerEvent::Posted(data) => match said_while_starting(&data) {
                Some(FromWorker::Image(image)) => {
                    self.with_origins(|origins| origins.image_made(worker, image));
                }
                Some(FromWorker::Ready {}) => {
                    let now = self.clock.now();
                    self.with_origins(|origins| origins.booted(worker, now));
                }
                Some(FromWorker::Failed(reason)) => self.worker_failed(worker, reason),
                _ => {
                    let processes = self.processes.borrow();
                    let process = processes.of_worker(worker);
                    let process = process.and_then(|pid| processes.get(pid));
                    if let Some(link) = process.and_then(Process::link) {
                        link.accept(&data);
                    }
                }
            },
        }
    }

    fn worker_failed(self: &Rc<Self>, worker: WorkerId, reason: String) {
        let process = self.processes.borrow().of_worker(worker);
        let reason = match (reason.is_empty(), process) {
            (false, _) => reason,
            (true, Some(_)) => NOT_STARTED.to_owned(),
            (true, None) => "a process could not be started".to_owned(),
        };
        match process {
            Some(pid) => self.process_failed(pid, &reason),
            None => self.with_origins(|origins| origins.failed(worker, &reason)),
        }
    }

    /// A crash of the interpreter is a crash of the process; one that never came up is a failure to
    /// boot.
    fn process_failed(self: &Rc<Self>, pid: Pid, reason: &str) {
        // What it said before counts.
        self.work();
        let processes = self.processes.borrow();
        let Some(process) = processes.get(pid) else {
            return;
        };
        let (worker, is_booted) = (process.worker(), process.is_booted());
        drop(processes);
        if let Some(worker) = worker
            && !self.machine.borrow().has_accepted(pid)
        {
            self.with_origins(|origins| origins.crashed(worker));
        }
        if is_booted {
            self.exited(pid, ABORTED, Some(reason));
        } else {
            self.could_not_boot(pid, reason);
        }
    }

    /// The interpreter of a process has not come up. It is tried again, after a while that grows,
    /// and then said once.
    fn could_not_boot(self: &Rc<Self>, pid: Pid, reason: &str) {
        let displaced = self.processes.borrow_mut().displace(pid);
        if let Some(worker) = displaced {
            self.links.disconnect(pid);
            self.workers.terminate(worker);
            self.with_origins(|origins| origins.process_ended(pid, worker));
        }
        let mut processes = self.processes.borrow_mut();
        let Some(failures) = processes.get_mut(pid).map(Process::count_failure) else {
            return;
        };
        drop(processes);
        let again = (failures as usize).checked_sub(1);
        if let Some(&pause) = again.and_then(|again| BOOT_PAUSES.get(again)) {
            let devices = Rc::clone(self);
            spawn_local(async move {
                sleep(pause).await;
                devices.place(pid);
                devices.work();
            });
            return;
        }
        let now = self.clock.now();
        let line = format!("{reason} (it was tried {failures} times)");
        self.machine.borrow_mut().output(pid, &line, now);
        self.kill(pid);
        self.machine.borrow_mut().could_not_boot(pid, now);
    }

    /// A process has ended: with this exit code, or by the signal of this negative number; the
    /// reason is a line for the log.
    fn exited(&self, pid: Pid, status: i32, reason: Option<&str>) {
        let now = self.clock.now();
        if let Some(reason) = reason {
            self.machine.borrow_mut().output(pid, reason, now);
        }
        self.kill(pid);
        self.machine.borrow_mut().exited(pid, status, now);
    }

    /// Ends a process at once.
    pub(super) fn kill(&self, pid: Pid) {
        let ended = self.processes.borrow_mut().remove(pid);
        if let Some(worker) = ended.and_then(|process| process.worker()) {
            self.links.disconnect(pid);
            self.workers.terminate(worker);
            self.with_origins(|origins| origins.process_ended(pid, worker));
        }
    }

    /// A server accepts: the image that its processes began with is fit to be kept.
    pub(super) fn keep_image(self: &Rc<Self>) {
        let devices = Rc::clone(self);
        spawn_local(async move {
            sleep(STORE_AFTER).await;
            let image = devices.to_keep.borrow_mut().take();
            let python = devices.python.borrow().clone();
            if let (Some(image), Some(python)) = (image, python) {
                devices.cache.store(image, python).await;
            }
        });
    }

    /// Carries out what origins want done.
    pub(super) fn carry_out(&self) {
        loop {
            let action = self.origins.borrow_mut().next_action();
            let Some(action) = action else {
                return;
            };
            match action {
                Action::Create(worker) => self.workers.create(worker),
                Action::Start(worker, memory) => self.start(worker, memory.into()),
                Action::GiveImage(worker, image) => {
                    self.workers.send(worker, &ToWorker::Image(image));
                }
                Action::Terminate(worker) => self.workers.terminate(worker),
                Action::Keep(Some(image)) => {
                    self.to_keep.replace(Some(image));
                }
                Action::Keep(None) => {
                    self.to_keep.replace(None);
                    spawn_local(self.cache.forget());
                }
                Action::Prepared(id, outcome) => self.preloaded(id, outcome),
            }
        }
    }

    /// Tells a worker to become a process. Origins ask for that when Python has been fetched.
    fn start(&self, worker: WorkerId, memory: MemoryOf) {
        let python = self.python.borrow().clone();
        if let Some(python) = python {
            let core = self.core.clone();
            let init = ProcessInit {
                core,
                python,
                memory,
            };
            self.workers.send(worker, &Role::Process(init));
        }
    }
}

/// What a worker posts besides its link, if this is that.
fn said_while_starting(data: &JsValue) -> Option<FromWorker> {
    // Numbers, numbered messages and bytes are the link's.
    if !data.is_object() || Array::is_array(data) || data.is_instance_of::<Uint8Array>() {
        return None;
    }
    let message = serde_wasm_bindgen::from_value(data.clone()).ok()?;
    match message {
        FromWorker::Image(_) | FromWorker::Ready {} | FromWorker::Failed(_) => Some(message),
        // Without shared memory, a link posts these as they are.
        FromWorker::Fork(_) | FromWorker::Exit(_) => None,
    }
}
