//! The site's HTTP server, on loopback only.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

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

/// The script that processes run, and what it is held to: `www/worker/realm.js` takes away the
/// same.
const PROCESS: &str = "/process.js";
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

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
    axum::serve(listener, site(&dist, extra))
        .with_graceful_shutdown(stop)
        .await
        .map_err(|error| Error::Message(format!("The server stopped: {error}.")))
}

/// The routes of `extra`, and where there is none, the files of `dist`.
fn site(dist: &Path, extra: Router) -> Router {
    extra
        .fallback_service(ServeDir::new(dist))
        .layer(middleware::from_fn(with_headers))
        .layer(middleware::from_fn(for_this_machine))
}

/// Refuses what is addressed to another host: a page elsewhere whose name has come to mean this
/// machine would read what it is answered.
async fn for_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if ["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        return next.run(request).await;
    }
    let why = "This server answers for 127.0.0.1 and localhost only.\n";
    (StatusCode::MISDIRECTED_REQUEST, why).into_response()
}

async fn with_headers(request: Request, next: Next) -> Response {
    let is_process = request.uri().path() == PROCESS;
    let mut response = next.run(request).await;
    if is_process {
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
    }
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// The head and the body of the answers to GET requests for `paths`, by a site of one folder.
    async fn answers<const N: usize>(paths: [&str; N]) -> [String; N] {
        let directory = tempfile::tempdir().unwrap();
        let dist = directory.path().join("dist");
        fs::create_dir_all(dist.join("python")).unwrap();
        fs::write(directory.path().join("secret"), "outside").unwrap();
        fs::write(dist.join("index.html"), "front").unwrap();
        fs::write(dist.join("process.js"), "process").unwrap();
        for name in ["pyodide.asm.wasm", "pyodide.mjs"] {
            fs::write(dist.join("python").join(name), "inside").unwrap();
        }
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let extra = Router::new().route("/extra", get(async || "more"));
        let server = tokio::spawn(serve(listener, dist, extra));
        let mut answers = [const { String::new() }; N];
        for (path, answer) in paths.into_iter().zip(&mut answers) {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            client.read_to_string(answer).await.unwrap();
        }
        server.abort();
        answers
    }

    #[tokio::test]
    async fn what_is_addressed_to_another_host_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("index.html"), "front").unwrap();
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(listener, directory.path().to_owned(), Router::new()));
        for (host, status) in [
            ("localhost", "200"),
            ("127.0.0.1:8080", "200"),
            ("[::1]:8080", "200"),
            ("example.com", "421"),
            ("127.0.0.1.example.com:8080", "421"),
            ("", "421"),
        ] {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{host}: {answer}"
            );
        }
        server.abort();
    }

    #[tokio::test]
    async fn wasm_and_modules_have_the_types_that_browsers_insist_on() {
        let [wasm, module] = answers(["/python/pyodide.asm.wasm", "/python/pyodide.mjs"]).await;
        assert!(
            wasm.contains("content-type: application/wasm\r\n"),
            "{wasm}"
        );
        assert!(module.contains("/javascript\r\n"), "{module}");
    }

    #[tokio::test]
    async fn every_answer_is_isolated_and_checked_again() {
        for answer in answers(["/", "/extra", "/missing"]).await {
            for (name, value) in HEADERS {
                assert!(answer.contains(&format!("{name}: {value}\r\n")), "{answer}");
            }
        }
    }

    #[tokio::test]
    async fn the_script_of_processes_may_only_run_what_the_site_has() {
        let [process, front] = answers(["/process.js", "/"]).await;
        let policy = format!("content-security-policy: {POLICY}\r\n");
        assert!(process.contains(&policy), "{process}");
        assert!(!front.contains("content-security-policy"), "{front}");
    }

    #[tokio::test]
    async fn no_path_leads_out_of_the_site() {
        let [front, extra] = answers(["/", "/extra"]).await;
        assert!(front.ends_with("front"), "{front}");
        assert!(extra.ends_with("more"), "{extra}");
        let outside = [
            "/../secret",
            "/python/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
        ];
        for answer in answers(outside).await {
            assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
            assert!(!answer.contains("outside"), "{answer}");
        }
    }
}
