//! What an ASGI server is set to, by uvicorn's command line or by the worker classes of gunicorn
//! that run ASGI apps.

use crate::websocket;

/// What uvloop reads at once, bytes.
pub const UVLOOP_READ: usize = 256_000;
/// What asyncio's own loop reads at once, bytes.
pub const ASYNCIO_READ: usize = 262_144;

/// Whether an ASGI server runs the lifespan protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifespan {
    /// Try, and go on without if the app does not know it.
    Auto,
    /// Insist.
    On,
    /// Never.
    Off,
}

/// By which library uvicorn speaks HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpLibrary {
    /// httptools: llhttp.
    #[default]
    Httptools,
    /// h11
    H11,
}

/// What an ASGI server is set to.
#[derive(Debug, Clone, PartialEq)]
pub struct AsgiSettings {
    /// The lifespan protocol.
    pub lifespan: Lifespan,
    /// The library that reads requests and writes responses.
    pub http: HttpLibrary,
    /// Bytes that the event loop reads at once.
    pub read_size: usize,
    /// How WebSocket connections are served. `None`: requests for one are ordinary requests.
    pub websocket: Option<websocket::Settings>,
    /// More connections and tasks than this are answered by 503.
    pub limit_concurrency: Option<u32>,
    /// Whether responses say which server sent them.
    pub server_header: bool,
    /// Whether responses say when they were sent.
    pub date_header: bool,
    /// Header fields added to each response.
    pub headers: Vec<(String, String)>,
    /// Prefix of the path at which the app is mounted.
    pub root_path: String,
}

impl Default for AsgiSettings {
    fn default() -> Self {
        Self {
            lifespan: Lifespan::Off,
            http: HttpLibrary::Httptools,
            read_size: UVLOOP_READ,
            websocket: None,
            limit_concurrency: None,
            server_header: true,
            date_header: true,
            headers: Vec::new(),
            root_path: String::new(),
        }
    }
}
