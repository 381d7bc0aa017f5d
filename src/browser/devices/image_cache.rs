//! The image of a booted interpreter, kept from one visit to the next: the first process of a page
//! then need not boot either.

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, Shared};
use js_sys::{Array, Date, Intl, JSON, Map, Object, Reflect, Uint8Array, global};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Cache, Request, Response};

use super::download::allocate;
use super::scope::{property, scope};
use crate::browser::protocol::Image;

const NAME: &str = "wasgi images";
/// The shape of what is kept.
const FORMAT: u32 = 1;

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

/// Keeps an image, and what else is needed to find it again.
#[derive(Debug)]
pub(super) struct ImageCache {
    /// Under which an image is kept; `None`: none can be.
    key: Shared<LocalBoxFuture<'static, Option<String>>>,
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
            if key.await.is_some()
                && let Ok(caches) = scope().caches()
            {
                // Then it is there still, and found unfit again.
                let _ = JsFuture::from(caches.delete(NAME)).await;
            }
        }
    }

    /// Keeps an image, in the place of those that were kept before.
    pub(super) fn store(&self, image: Image) -> impl Future<Output = ()> + use<> {
        let key = self.key.clone();
        async move {
            if let Some(key) = key.await {
                // There may be no room for it.
                let _ = store(&key, image).await;
            }
        }
    }
}

/// What an image depends on: this version of the site, and what a booting interpreter asks the
/// browser.
async fn key_of(base: &str) -> Result<String, JsValue> {
    if !Reflect::has(&global(), &"caches".into())? {
        return Err(JsValue::NULL);
    }
    let response = JsFuture::from(scope().fetch_with_str(&format!("{base}manifest.json"))).await?;
    let response: Response = response.unchecked_into();
    let manifest = JsFuture::from(response.json()?).await?;
    let formats = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let text = |value: &JsValue| value.as_string().unwrap_or_default();
    let has_jspi = Reflect::has(&property(&global(), "WebAssembly"), &"Suspending".into())?;
    let facts = [
        FORMAT.to_string(),
        text(&property(&manifest, "version")),
        has_jspi.to_string(),
        scope().navigator().language().unwrap_or_default(),
        text(&property(&formats.resolved_options(), "timeZone")),
        Date::new_0().get_timezone_offset().to_string(),
    ];
    let facts = String::from(js_sys::encode_uri_component(&facts.join(" ")));
    Ok(format!("{base}python/image?{facts}"))
}

async fn open() -> Result<Cache, JsValue> {
    let cache = JsFuture::from(scope().caches()?.open(NAME)).await?;
    Ok(cache.unchecked_into())
}

async fn load(key: &str) -> Result<Option<Image>, JsValue> {
    let found = JsFuture::from(open().await?.match_with_str(key)).await?;
    let Some(response) = found.dyn_ref::<Response>() else {
        return Ok(None);
    };
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    decode(&Uint8Array::new(&buffer)).map(Some)
}

async fn store(key: &str, image: Image) -> Result<(), JsValue> {
    let Some(body) = encode(image)? else {
        return Ok(());
    };
    let cache = open().await?;
    let kept: Array = JsFuture::from(cache.keys()).await?.unchecked_into();
    for request in kept {
        let request: Request = request.unchecked_into();
        JsFuture::from(cache.delete_with_str(&request.url())).await?;
    }
    let response = Response::new_with_opt_blob(Some(&body))?;
    JsFuture::from(cache.put_with_str(key, &response)).await?;
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
