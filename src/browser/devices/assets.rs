//! What all processes are made of: fetched once, compiled once, and shared where memory can be.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::future::{LocalBoxFuture, Shared};
use futures::try_join;

use super::download::{DownloadError, Report, Whole, compile, download};
use super::links::{Link, send_message};
use super::scope::Clock;
use crate::browser::protocol::{FromMachine, Progress, PythonAssets};
use crate::os::Millis;

/// How often progress is told.
const TOLD_EVERY: Millis = 50.0;

/// What processes are made of, as it is fetched.
pub(super) type LoadingPython =
    Shared<LocalBoxFuture<'static, Result<PythonAssets, DownloadError>>>;

/// How much of several files has come, for the page.
#[derive(Debug)]
struct Loading {
    /// Bytes that have come, and bytes in all.
    files: RefCell<BTreeMap<&'static str, (f64, f64)>>,
    clock: Clock,
    told_at: Cell<Millis>,
    page: Link,
}

impl Loading {
    fn of(self: &Rc<Self>, name: &'static str) -> FileLoading {
        FileLoading {
            loading: Rc::clone(self),
            name,
        }
    }
}

/// How much of one file has come.
struct FileLoading {
    loading: Rc<Loading>,
    name: &'static str,
}

impl Report for FileLoading {
    fn loaded(&self, loaded: f64, total: f64) {
        let Loading {
            files,
            clock,
            told_at,
            page,
        } = &*self.loading;
        files.borrow_mut().insert(self.name, (loaded, total));
        let now = clock.now();
        if loaded < total && now - told_at.get() < TOLD_EVERY {
            return;
        }
        told_at.set(now);
        let (loaded, total) = files
            .borrow()
            .values()
            .fold((0.0, 0.0), |sum, file| (sum.0 + file.0, sum.1 + file.1));
        let progress = Progress {
            step: "Loading Python".to_owned(),
            loaded,
            total,
        };
        send_message(page, &FromMachine::Progress(progress));
    }
}

/// What processes can start with, and when all of it is there.
pub(super) struct Loaded {
    pub(super) python: PythonAssets,
    pub(super) whole: [Whole; 2],
}

/// Fetches what all processes share, from where the assets are, and tells the page how far it is.
///
/// # Errors
/// Something could not be fetched.
pub(super) async fn load(base: &str, page: Link) -> Result<Loaded, DownloadError> {
    let loading = Rc::new(Loading {
        files: RefCell::new(BTreeMap::new()),
        clock: Clock::new(),
        told_at: Cell::new(Millis::NEG_INFINITY),
        page,
    });
    let file = |name| download(format!("{base}python/{name}"), loading.of(name));
    let interpreter = "pyodide.asm.wasm";
    let (module, stdlib, pack) = try_join!(
        compile(
            format!("{base}python/{interpreter}"),
            loading.of(interpreter)
        ),
        file("stdlib.zip"),
        file("site.pack"),
    )?;
    let ((stdlib, whole_stdlib), (pack, whole_pack)) = (stdlib, pack);
    Ok(Loaded {
        python: PythonAssets {
            base: base.to_owned(),
            module,
            stdlib,
            pack,
            clock_origin: loading.clock.origin(),
        },
        whole: [whole_stdlib, whole_pack],
    })
}
