//! Fetching a file: into memory that all processes share, where memory can be shared.

use futures::channel::oneshot;
use futures::stream::{self, Stream, TryStreamExt as _};
use js_sys::{ArrayBuffer, Atomics, Int32Array, Promise, SharedArrayBuffer, Uint8Array};
use thiserror::Error;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult, Response};

use super::scope::{is_isolated, message_of, scope};
use crate::browser::protocol::Arriving;

/// Why a file could not be fetched.
#[derive(Debug, Clone, Error)]
pub(super) enum DownloadError {
    /// There is no answer.
    #[error("{0} could not be fetched: is the network there?")]
    Unreachable(String),
    /// The answer is not the file.
    #[error("{name} could not be fetched ({status}): is dist/ complete on this host?")]
    Refused {
        /// Of the file.
        name: String,
        /// Of the response.
        status: u16,
    },
    /// The answer ended too early.
    #[error("{name} did not come whole ({reason}): is the network there?")]
    Incomplete {
        /// Of the file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The browser cannot use it.
    #[error("{0}")]
    Unusable(String),
}

impl DownloadError {
    fn unusable(error: &JsValue) -> Self {
        Self::Unusable(message_of(error))
    }
}

/// Whether a file that is used already has come whole.
pub(super) type Whole = oneshot::Receiver<Result<(), DownloadError>>;

/// Hears how many bytes of a file are there, and how many it has.
pub(super) trait Report {
    fn loaded(&self, loaded: f64, total: f64);
}

/// Asks for a file.
async fn get(url: &str) -> Result<Response, DownloadError> {
    let response = JsFuture::from(scope().fetch_with_str(url)).await;
    let response = response.map_err(|_| DownloadError::Unreachable(name_of(url)))?;
    let response: Response = response.unchecked_into();
    if response.ok() && response.body().is_some() {
        return Ok(response);
    }
    Err(DownloadError::Refused {
        name: name_of(url),
        status: response.status(),
    })
}

fn name_of(url: &str) -> String {
    let name = url.rsplit_once('/').map_or(url, |(_, name)| name);
    name.to_owned()
}

/// How many bytes a response has, as far as it says; 0: it does not.
fn length_of(response: &Response) -> u32 {
    let length = response.headers().get("content-length").ok().flatten();
    length
        .and_then(|length| length.parse().ok())
        .unwrap_or_default()
}

/// Compiles a module straight from the response: only so may the browser keep the machine code in
/// its cache.
///
/// # Errors
/// It cannot be fetched, or is no module.
pub(super) async fn compile(
    url: String,
    report: impl Report,
) -> Result<js_sys::WebAssembly::Module, DownloadError> {
    let response = get(&url).await?;
    let total = f64::from(length_of(&response));
    report.loaded(0.0, total);
    let response = Promise::resolve(&JsValue::from(response));
    let compiled = JsFuture::from(js_sys::WebAssembly::compile_streaming(&response)).await;
    let module = compiled.map_err(|error| DownloadError::unusable(&error))?;
    report.loaded(total, total);
    Ok(module.unchecked_into())
}

/// Fetches a file into a buffer: one for all processes where memory can be shared, which they may
/// read as it comes; else each gets a copy.
///
/// # Errors
/// It cannot be fetched. What fails later is said by [`Whole`].
pub(super) async fn download(
    url: String,
    report: impl Report + 'static,
) -> Result<(Arriving, Whole), DownloadError> {
    let response = get(&url).await?;
    let total = length_of(&response);
    report.loaded(0.0, f64::from(total));
    let is_encoded = response.headers().has("content-encoding").unwrap_or(true);
    let chunks = chunks(response.body())?;
    let (done, whole) = oneshot::channel();
    // What is compressed on its way is longer than it says.
    if is_isolated() && total > 0 && !is_encoded {
        let arrival = Arrival::new(total);
        let shared = arrival.shared();
        spawn_local(async move {
            let arrived = arrive(chunks, arrival, &url, &report).await;
            // Nobody listens where another file could not be fetched.
            let _ = done.send(arrived);
        });
        return Ok((shared, whole));
    }
    let gathered = gather(chunks, total, &report).await;
    let bytes = gathered.map_err(|error| DownloadError::unusable(&error))?;
    let _ = done.send(Ok(()));
    let file = Arriving {
        buffer: bytes.buffer().into(),
        arrived: JsValue::NULL,
    };
    Ok((file, whole))
}

/// The parts of a body as they come.
fn chunks(
    body: Option<ReadableStream>,
) -> Result<impl Stream<Item = Result<Uint8Array, JsValue>>, DownloadError> {
    let Some(body) = body else {
        return Err(DownloadError::Unusable("there is no body".to_owned()));
    };
    let reader = ReadableStreamDefaultReader::new(&body);
    let reader = reader.map_err(|error| DownloadError::unusable(&error))?;
    Ok(stream::try_unfold(reader, |reader| async move {
        let part = JsFuture::from(reader.read()).await?;
        let part: ReadableStreamReadResult = part.unchecked_into();
        if part.get_done() == Some(true) {
            return Ok(None);
        }
        Ok(Some((part.get_value().unchecked_into(), reader)))
    }))
}

/// A file on its way, on the side that fetches: memory that all processes share, and how much of it
/// has come. A process starts before the last byte is there; who reads what has not come waits for
/// it: see `www/worker/arrival.js`.
struct Arrival {
    bytes: Uint8Array,
    arrived: Int32Array,
    length: u32,
}

/// What stands for the number of bytes where no more will come, as in `www/worker/arrival.js`.
const LOST: i32 = -1;

impl Arrival {
    fn new(length: u32) -> Self {
        Self {
            bytes: Uint8Array::new(&SharedArrayBuffer::new(length)),
            arrived: Int32Array::new(&SharedArrayBuffer::new(4)),
            length: 0,
        }
    }

    /// For those who read.
    fn shared(&self) -> Arriving {
        Arriving {
            buffer: self.bytes.buffer().into(),
            arrived: self.arrived.clone().into(),
        }
    }

    /// False: it is longer than was said.
    fn add(&mut self, part: &Uint8Array) -> bool {
        let end = self.length + part.length();
        if end > self.bytes.length() {
            return false;
        }
        self.bytes.set(part, self.length);
        self.length = end;
        self.publish(end as i32);
        true
    }

    /// How many bytes are there is read by other threads.
    fn publish(&self, count: i32) {
        // These fail on memory that is not shared alone.
        let _ = Atomics::store(&self.arrived, 0, count);
        let _ = Atomics::notify(&self.arrived, 0);
    }
}

/// Takes a file in as it comes.
async fn arrive(
    chunks: impl Stream<Item = Result<Uint8Array, JsValue>>,
    mut arrival: Arrival,
    url: &str,
    report: &impl Report,
) -> Result<(), DownloadError> {
    let total = arrival.bytes.length();
    let mut chunks = std::pin::pin!(chunks);
    let reason = loop {
        match chunks.try_next().await {
            Ok(Some(part)) if arrival.add(&part) => {
                if arrival.length < total {
                    report.loaded(f64::from(arrival.length), f64::from(total));
                }
            }
            Ok(Some(_)) => break "it is longer than it said".to_owned(),
            Ok(None) if arrival.length == total => {
                report.loaded(f64::from(total), f64::from(total));
                return Ok(());
            }
            Ok(None) => break "it ended early".to_owned(),
            Err(error) => break message_of(&error),
        }
    };
    arrival.publish(LOST);
    Err(DownloadError::Incomplete {
        name: name_of(url),
        reason,
    })
}

/// Gathers a file whose length may not be known.
async fn gather(
    chunks: impl Stream<Item = Result<Uint8Array, JsValue>>,
    total: u32,
    report: &impl Report,
) -> Result<Uint8Array, JsValue> {
    let mut chunks = std::pin::pin!(chunks);
    let mut bytes = allocate(total);
    let mut loaded = 0;
    while let Some(part) = chunks.try_next().await? {
        let end = loaded + part.length();
        if end > bytes.length() {
            let larger = allocate(end.max(2 * bytes.length()));
            larger.set(&bytes.subarray(0, loaded), 0);
            bytes = larger;
        }
        bytes.set(&part, loaded);
        loaded = end;
        report.loaded(f64::from(loaded), f64::from(bytes.length().max(loaded)));
    }
    if loaded < bytes.length() {
        let whole = allocate(loaded);
        whole.set(&bytes.subarray(0, loaded), 0);
        bytes = whole;
    }
    report.loaded(f64::from(loaded), f64::from(loaded));
    Ok(bytes)
}

/// Memory for a file or an image: shared where it can be.
pub(super) fn allocate(length: u32) -> Uint8Array {
    if is_isolated() {
        Uint8Array::new(&SharedArrayBuffer::new(length))
    } else {
        Uint8Array::new(&ArrayBuffer::new(length))
    }
}
