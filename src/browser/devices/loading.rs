//! What processes are made of: it is fetched when it is first wanted.

use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::try_join_all;
use futures::try_join;
use wasm_bindgen_futures::spawn_local;

use super::assets::{self, Loaded, LoadingPython};
use super::download::DownloadError;
use super::links::send_message;
use super::machine_worker::Devices;
use super::scope::room;
use crate::browser::protocol::{FromMachine, Preload, Preloaded, PythonAssets};
use crate::origins::Origins;

/// At most so many workers boot before there is a server to run in them.
const SPARES: u32 = 8;

impl Devices {
    /// What processes are made of. What could not be fetched is tried again by the next who asks.
    pub(super) fn python(self: &Rc<Self>) -> LoadingPython {
        let mut loading = self.loading.borrow_mut();
        let loading =
            loading.get_or_insert_with(|| Rc::clone(self).load_python().boxed_local().shared());
        loading.clone()
    }

    async fn load_python(self: Rc<Self>) -> Result<PythonAssets, DownloadError> {
        let kept = self.cache.load().map(Ok);
        let loaded = try_join!(assets::load(&self.base, self.page.clone()), kept);
        let (Loaded { python, whole }, image) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                self.loading.replace(None);
                return Err(error);
            }
        };
        let devices = Rc::clone(&self);
        spawn_local(async move {
            // Who sends is there until it has sent.
            let whole = whole.map(|whole| whole.map(|whole| whole.unwrap_or(Ok(()))));
            if let Err(error) = try_join_all(whole).await {
                devices.python_lost(&error);
            }
        });
        if let Some(image) = image {
            self.with_origins(|origins| origins.image_kept(&image));
        }
        self.python.replace(Some(python.clone()));
        Ok(python)
    }

    /// The rest of a file does not come. Processes that have what they need go on; who reads what
    /// is missing gets an error.
    fn python_lost(self: &Rc<Self>, error: &DownloadError) {
        self.loading.replace(None);
        self.with_origins(Origins::lost);
        let reason = format!("wasgi: {error}");
        let now = self.clock.now();
        for pid in self.processes.borrow().pids() {
            self.machine.borrow_mut().output(pid, &reason, now);
        }
        self.work();
    }

    /// Boots processes before there is a server.
    pub(super) fn preload(self: &Rc<Self>, &Preload { id, workers }: &Preload) {
        let devices = Rc::clone(self);
        spawn_local(async move {
            match devices.python().await {
                Err(error) => devices.preloaded(id, Err(error.to_string())),
                // Later, there are spares as they are used.
                Ok(_) if devices.processes.borrow().len() > 0 => devices.preloaded(id, Ok(())),
                Ok(_) => {
                    let spares = workers.min(SPARES).min(room()) as usize;
                    devices.with_origins(|origins| origins.expect(id, spares));
                }
            }
            devices.work();
        });
    }

    /// Answers a preload.
    pub(super) fn preloaded(&self, id: u32, outcome: Result<(), String>) {
        let failure = outcome.err();
        send_message(
            &self.page,
            &FromMachine::Preloaded(Preloaded { id, failure }),
        );
    }
}
