//! The image of a booted interpreter, kept from one visit to the next: the first process of a page
//! then need not boot either.

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, Shared};
use js_sys::{Array, Date, Intl, JSON, Map, Object, Reflect, Uint8Array, global};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Cache, Request, RequestCache, RequestInit, Response};

use super::download::allocate;
use super::scope::{property, scope};
use crate::browser::protocol::{Image, PythonAssets};

const NAME: &str = "wasgi images";
/// The shape of what is kept.
const FORMAT: u32 = 2;

/// The files that an image is made of, as the manifest has them.
const MADE_OF: [&str; 7] = [
    "process.js",
    "python/pyodide.asm.mjs",
    "python/pyodide.asm.wasm",
    "python/pyodide.mjs",
    SITE_PACK,
    STDLIB,
    "wasgi_core_bg.wasm",
];
/// Those that processes read in memory.
const SITE_PACK: &str = "python/site.pack";
const STDLIB: &str = "python/stdlib.zip";

/// How much of each digest is in the key, in hexadecimal digits.
const IN_KEY: usize = 16;

#[wasm_bindgen]
extern "C" {
    /// As much of an image as it takes to keep it: `ProcessImage` in [`crate::browser::protocol`].
    type ProcessImage;
    /// Its memory.
    #[wasm_bindgen(method, getter)]
    fn bytes(this: &ProcessImage) -> JsValue;
    /// The project's files.
    #[wasm_bindgen(method, getter)]
    fn given(this: &ProcessImage) -> Map;
    #[wasm_bindgen(method, getter)]
    fn libraries(this: &ProcessImage) -> ImageLibraries;
    #[wasm_bindgen(method, getter)]
    fn files(this: &ProcessImage) -> ImageFiles;

    type ImageLibraries;
    #[wasm_bindgen(method, getter)]
    fn loaded(this: &ImageLibraries) -> Array;

    type ImageFiles;
    #[wasm_bindgen(method, getter)]
    fn entries(this: &ImageFiles) -> Array;
    #[wasm_bindgen(method, getter)]
    fn open(this: &ImageFiles) -> Array;
}

/// What an image is kept under.
#[derive(Debug, Clone)]
struct Key {
    url: String,
    /// What the URLs of all images of this site begin with.
    prefix: String,
    base: String,
    /// The SHA-256 of each file in [`MADE_OF`], in hexadecimal.
    digests: Vec<String>,
}

/// Keeps an image, and what else is needed to find it again.
#[derive(Debug)]
pub(super) struct ImageCache {
    /// Under which an image is kept; `None`: none can be.
    key: Shared<LocalBoxFuture<'static, Option<Key>>>,
}

impl ImageCache {
    /// The assets are at `base`.
    pub(super) fn new(base: String) -> Self {
        // A browser may have no storage, or none for this page; the site may lie on a host that is
        // not complete.
        let key = async move { key_of(&base).await.ok() };
        let key = key.boxed_local().shared();
        // It is asked for when the machine starts: it is there when a process wants it.
        spawn_local(key.clone().map(drop));
        Self { key }
    }

    /// The image that was kept, if one was.
    pub(super) fn load(&self) -> impl Future<Output = Option<Image>> + use<> {
        let key = self.key.clone();
        async move { load(&key.await?).await.ok().flatten() }
    }

    /// Keeps none any more.
    pub(super) fn forget(&self) -> impl Future<Output = ()> + use<> {
        let key = self.key.clone();
        async move {
            if let Some(key) = key.await {
                // Else it is there still, and found unfit again.
                let _ = remove(&key, |_| true).await;
            }
        }
    }

    /// Keeps an image, in the place of those that were kept before, if the files that it was made
    /// of are those of the manifest: a host may have shown files of two versions.
    pub(super) fn store(
        &self,
        image: Image,
        python: PythonAssets,
    ) -> impl Future<Output = ()> + use<> {
        let key = self.key.clone();
        async move {
            // There may be no room for it.
            if let Some(key) = key.await
                && is_made_of(&key, &python).await.unwrap_or(false)
            {
                let _ = store(&key, image).await;
            }
        }
    }
}

/// What an image depends on: the files that it is made of, and what a booting interpreter asks the
/// browser.
async fn key_of(base: &str) -> Result<Key, JsValue> {
    if !Reflect::has(&global(), &"caches".into())? {
        return Err(JsValue::NULL);
    }
    let response = JsFuture::from(scope().fetch_with_str(&format!("{base}manifest.json"))).await?;
    let response: Response = response.unchecked_into();
    let manifest = JsFuture::from(response.json()?).await?;
    let formats = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let text = |value: &JsValue| value.as_string().unwrap_or_default();
    let has_jspi = Reflect::has(&property(&global(), "WebAssembly"), &"Suspending".into())?;
    let files = property(&manifest, "files");
    let digests = MADE_OF.map(|name| text(&property(&property(&files, name), "sha256")));
    let shown = digests.each_ref().map(|digest| digest.get(..IN_KEY));
    let Some(shown) = shown.into_iter().collect::<Option<Vec<_>>>() else {
        return Err(JsValue::NULL);
    };
    let facts = [
        FORMAT.to_string(),
        shown.join("-"),
        has_jspi.to_string(),
        scope().navigator().language().unwrap_or_default(),
        text(&property(&formats.resolved_options(), "timeZone")),
        Date::new_0().get_timezone_offset().to_string(),
    ];
    let facts = String::from(js_sys::encode_uri_component(&facts.join(" ")));
    let prefix = format!("{base}python/image?");
    Ok(Key {
        url: format!("{prefix}{facts}"),
        prefix,
        base: base.to_owned(),
        digests: digests.to_vec(),
    })
}

/// Whether the files that processes are made of have the digests of the key.
async fn is_made_of(key: &Key, python: &PythonAssets) -> Result<bool, JsValue> {
    for (name, digest) in MADE_OF.iter().zip(&key.digests) {
        let bytes = match *name {
            SITE_PACK => copied(&python.pack.buffer),
            STDLIB => copied(&python.stdlib.buffer),
            // Imported and compiled by the browser: it has the files still.
            name => fetched(&format!("{}{name}", key.base)).await?,
        };
        if &sha256(&bytes).await? != digest {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A copy that is not in shared memory: nothing else can be hashed.
fn copied(buffer: &JsValue) -> Uint8Array {
    let bytes = Uint8Array::new(buffer);
    bytes.slice(0, bytes.length())
}

/// A file as the browser had it last.
async fn fetched(url: &str) -> Result<Uint8Array, JsValue> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::ForceCache);
    let response = JsFuture::from(scope().fetch_with_str_and_init(url, &init)).await?;
    let response: Response = response.unchecked_into();
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&buffer))
}

async fn sha256(bytes: &Uint8Array) -> Result<String, JsValue> {
    let subtle = scope().crypto()?.subtle();
    let digest = subtle.digest_with_str_and_buffer_source("SHA-256", bytes)?;
    let digest = Uint8Array::new(&JsFuture::from(digest).await?).to_vec();
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap_or_default();
    let digits = digest
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    Ok(digits.collect())
}

async fn open() -> Result<Cache, JsValue> {
    let cache = JsFuture::from(scope().caches()?.open(NAME)).await?;
    Ok(cache.unchecked_into())
}

async fn load(key: &Key) -> Result<Option<Image>, JsValue> {
    let found = JsFuture::from(open().await?.match_with_str(&key.url)).await?;
    let Some(response) = found.dyn_ref::<Response>() else {
        // Those of other versions are of no use any more.
        remove(key, |_| true).await?;
        return Ok(None);
    };
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    decode(&Uint8Array::new(&buffer)).map(Some)
}

/// Removes images of this site.
async fn remove(key: &Key, which: impl Fn(&str) -> bool) -> Result<(), JsValue> {
    let cache = open().await?;
    let kept: Array = JsFuture::from(cache.keys()).await?.unchecked_into();
    for request in kept {
        let url = request.unchecked_into::<Request>().url();
        if url.starts_with(&key.prefix) && which(&url) {
            JsFuture::from(cache.delete_with_str(&url)).await?;
        }
    }
    Ok(())
}

async fn store(key: &Key, image: Image) -> Result<(), JsValue> {
    let Some(body) = encode(image)? else {
        return Ok(());
    };
    remove(key, |url| url != key.url).await?;
    let response = Response::new_with_opt_blob(Some(&body))?;
    JsFuture::from(open().await?.put_with_str(&key.url, &response)).await?;
    Ok(())
}

/// A head as JSON, behind its length, and the memory. `None`: there is more to the image than that.
fn encode(Image(image): Image) -> Result<Option<Blob>, JsValue> {
    let process: &ProcessImage = image.unchecked_ref();
    let (libraries, files) = (process.libraries(), process.files());
    let is_plain = libraries.loaded().length() == 0
        && files.open().length() == 0
        && process.given().size() == 0
        && !files
            .entries()
            .iter()
            .any(|entry| property(&entry, "content").is_instance_of::<Uint8Array>());
    if !is_plain {
        return Ok(None);
    }
    let rest = Object::assign(&Object::new(), image.unchecked_ref());
    Reflect::delete_property(&rest, &"bytes".into())?;
    let head = String::from(JSON::stringify(&rest)?);
    let length = (head.len() as u32).to_le_bytes();
    let memory = Uint8Array::new(&process.bytes());
    // A Blob takes no shared memory.
    let memory = memory.slice(0, memory.length());
    let parts = Array::of3(
        &Uint8Array::from(length.as_slice()),
        &Uint8Array::from(head.as_bytes()),
        &memory,
    );
    Blob::new_with_buffer_source_sequence(&parts).map(Some)
}

/// The bytes of the head's length.
const LENGTH: u32 = 4;

fn decode(kept: &Uint8Array) -> Result<Image, JsValue> {
    let mut length = [0; LENGTH as usize];
    kept.subarray(0, LENGTH).copy_to(&mut length);
    let start = LENGTH.saturating_add(u32::from_le_bytes(length));
    let head = kept.subarray(LENGTH, start).to_vec();
    let memory = kept.subarray(start, kept.length());
    let bytes = allocate(memory.length());
    bytes.set(&memory, 0);
    let image = JSON::parse(&String::from_utf8_lossy(&head))?;
    Reflect::set(&image, &"bytes".into(), &bytes.buffer())?;
    Reflect::set(&image, &"given".into(), &Map::new())?;
    Ok(Image(image))
}
