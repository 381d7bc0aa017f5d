//! The site's HTTP server, on loopback only.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::error::{Error, Result};

/// What makes a page cross-origin isolated, so that it may share memory between workers (HTML
/// Standard, "cross-origin isolation"), and keeps others from caching what is being worked on.
const HEADERS: [(&str, &str); 5] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-cache"),
    ("x-content-type-options", "nosniff"),
];

/// Takes a port of the loopback interface; 0 takes any free one.
pub async fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
        Error::Message(match error.kind() {
            io::ErrorKind::AddrInUse => format!("Port {port} is in use: choose another with --port."),
            io::ErrorKind::PermissionDenied => {
                format!("Port {port} needs more rights than you have: choose one above 1023 with --port.")
            }
            _ => format!("Port {port} cannot be listened on: {error}."),
        })
    })
}

/// Serves the site in `dist` and the routes of `extra`, which come first, until the future is
/// dropped.
pub async fn serve(listener: TcpListener, dist: PathBuf, extra: Router) -> Result<()> {
    serve_until(listener, dist, extra, std::future::pending()).await
}

/// Like [`serve`], until `stop` is ready; requests that have begun are finished.
pub async fn serve_until(
    listener: TcpListener,
    dist: PathBuf,
    extra: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    axum::serve(
        listener,
        site(dist)
            .merge(extra)
            .layer(middleware::map_response(with_headers)),
    )
    .with_graceful_shutdown(stop)
    .await
    .map_err(|error| Error::Message(format!("The server stopped: {error}.")))
}

/// The routes of the site in `dist`.
fn site(dist: PathBuf) -> Router {
    Router::new()
        .route("/", get(file))
        .route("/{*path}", get(file))
        .with_state(Arc::new(dist))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn file(State(dist): State<Arc<PathBuf>>, request: Request) -> Response {
    let Some(relative) = relative(request.uri().path()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut path = dist.join(relative);
    if path.is_dir() {
        path.push("index.html");
    }
    match answer(&path, request.headers()).await {
        Ok(response) => response,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            StatusCode::NOT_FOUND.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn answer(path: &Path, request: &HeaderMap) -> io::Result<Response> {
    let metadata = tokio::fs::metadata(path).await?;
    // A build replaces files rather than rewriting them, so a new file has another time.
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let tag = format!("\"{:x}-{modified:x}\"", metadata.len());
    let known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|tags| tags.as_bytes() == tag.as_bytes());
    let headers = [(CONTENT_TYPE, content_type(path).to_owned()), (ETAG, tag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, tokio::fs::read(path).await?).into_response())
}

/// The file that a URL path asks for, relative to the site; `None` if it leads out of the site. No
/// file of the site has a name that needs percent-encoding.
fn relative(url_path: &str) -> Option<&str> {
    let path = url_path.trim_start_matches('/');
    let leads_out = path
        .split('/')
        .any(|part| part == ".." || part == "." || part.contains(['\\', '%', ':']));
    (!leads_out).then_some(path)
}

fn content_type(path: &Path) -> &'static str {
    match path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_and_modules_have_the_types_that_browsers_insist_on() {
        assert_eq!(
            content_type(Path::new("a/pyodide.asm.wasm")),
            "application/wasm"
        );
        assert_eq!(
            content_type(Path::new("pyodide.mjs")),
            "text/javascript; charset=utf-8"
        );
    }

    #[test]
    fn no_path_leads_out_of_the_site() {
        assert_eq!(relative("/python/site.pack"), Some("python/site.pack"));
        assert_eq!(relative("/"), Some(""));
        for path in [
            "/../Cargo.toml",
            "/a/../../b",
            "/%2e%2e/Cargo.toml",
            "/a\\..\\b",
            "/./a",
        ] {
            assert_eq!(relative(path), None, "{path}");
        }
        assert_eq!(relative("//etc/passwd"), Some("etc/passwd"));
    }
}
