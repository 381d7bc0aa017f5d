//! A browser that shows the bench's page, and what is asked of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::error::{Error, Result};
use crate::serve;

/// An order that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(3);
/// How often the browser is looked after meanwhile.
const LOOK: Duration = Duration::from_millis(500);

/// The page. It is no part of the site: only the bench serves it.
const HTML: &str = r#"<!doctype html><meta charset="utf-8"><title>wasgi: bench</title><script type="module" src="bench.js"></script>"#;
const SCRIPT: &str = include_str!("../../../www/bench.js");

/// A browser with a fresh profile that shows the page.
#[derive(Debug)]
pub(super) struct Page {
    browser: Browser,
    server: JoinHandle<Result<()>>,
    orders: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<String>,
}

struct Desk {
    orders: Mutex<mpsc::UnboundedReceiver<String>>,
    answers: mpsc::UnboundedSender<String>,
}

impl Page {
    /// Serves the site in `dist` and opens the page.
    pub(super) async fn open(dist: &Path) -> Result<Self> {
        Self::open_with(dist, Router::new()).await
    }

    /// The same with more that the page may fetch.
    pub(super) async fn open_with(dist: &Path, more: Router) -> Result<Self> {
        let (orders, waiting) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let desk = Desk {
            orders: Mutex::new(waiting),
            answers: answered,
        };
        // Any page of any browser on this machine can reach the port: only ours knows the word.
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::Message(format!("There is no randomness: {error}.")))?;
        let word = format!("{:032x}", u128::from_ne_bytes(bytes));
        let routes = Router::new()
            .route("/bench.html", get(async || text("text/html", HTML)))
            .route("/bench.js", get(async || text("text/javascript", SCRIPT)))
            .route(&format!("/bench/{word}/order"), get(order))
            .route(&format!("/bench/{word}/answer"), post(answer))
            .with_state(Arc::new(desk))
            .merge(more);
        let listener = serve::bind(0).await?;
        let address = listener
            .local_addr()
            .map_err(Error::io("name", "the port".as_ref()))?;
        let server = tokio::spawn(serve::serve(listener, dist.to_owned(), routes));
        let browser = Browser::launch(&format!("http://{address}/bench.html#{word}"))?;
        Ok(Self {
            browser,
            server,
            orders,
            answers,
        })
    }

    /// The browser's process.
    pub(super) fn browser(&self) -> u32 {
        self.browser.id()
    }

    /// Milliseconds from the navigation's start until a server can be started.
    pub(super) async fn opened(&mut self) -> Result<f64> {
        self.ask(json!({ "order": "opened" })).await
    }

    /// Runs a command line on `files`; milliseconds until the first response is there.
    pub(super) async fn run(&mut self, files: &Value, command: &str) -> Result<f64> {
        self.ask(json!({ "order": "run", "files": files, "command": command }))
            .await
    }

    /// Requests per second of the server that runs.
    pub(super) async fn load(&mut self, connections: u32, requests: u32) -> Result<f64> {
        self.ask(json!({ "order": "load", "connections": connections, "requests": requests }))
            .await
    }

    /// The figures that the app answers with at `path`.
    pub(super) async fn figures(&mut self, path: &str) -> Result<Map<String, Value>> {
        object(
            self.answer(json!({ "order": "figures", "path": path }))
                .await?,
        )
    }

    /// The figures that an order gives.
    pub(super) async fn figures_of(&mut self, order: Value) -> Result<Map<String, Value>> {
        object(self.answer(order).await?)
    }

    /// Milliseconds from a worker's SIGKILL until its successor has answered.
    pub(super) async fn replaced(&mut self) -> Result<f64> {
        self.ask(json!({ "order": "replaced" })).await
    }

    /// Lets some seconds go by in the page.
    pub(super) async fn rest(&mut self) -> Result<()> {
        self.ask(json!({ "order": "rest" })).await.map(drop)
    }

    /// The figures of `in_loop()` in `source`, on plain Pyodide's own loop.
    pub(super) async fn pyodide(&mut self, source: &str) -> Result<Map<String, Value>> {
        object(
            self.answer(json!({ "order": "pyodide", "source": source }))
                .await?,
        )
    }

    /// Stops the server.
    pub(super) async fn stop(&mut self) -> Result<()> {
        self.ask(json!({ "order": "stop" })).await.map(drop)
    }

    /// Opens the page again in the same browser; whatever ran on it is gone.
    pub(super) fn reload(&mut self) {
        // Its answer is the next order's.
        let _ = self.orders.send(json!({ "order": "reload" }).to_string());
    }

    async fn ask(&mut self, order: Value) -> Result<f64> {
        Ok(self.answer(order).await?.as_f64().unwrap_or(f64::NAN))
    }

    async fn answer(&mut self, order: Value) -> Result<Value> {
        let gone = || {
            Error::Message(
                "The browser has ended or its page has crashed. Run the bench again.".into(),
            )
        };
        self.orders.send(order.to_string()).map_err(|_| gone())?;
        let answer = tokio::time::timeout(LIMIT, async {
            loop {
                tokio::select! {
                    answer = self.answers.recv() => return answer,
                    () = tokio::time::sleep(LOOK) => if self.browser.has_ended() { return None },
                }
            }
        });
        let answer = answer.await.map_err(|_| {
            let minutes = LIMIT.as_secs() / 60;
            Error::Message(format!(
                "The page did not answer within {minutes} minutes: {order}."
            ))
        })?;
        let answer: Value = serde_json::from_str(&answer.ok_or_else(gone)?).unwrap_or_default();
        match answer["failed"].as_str() {
            Some(why) => Err(Error::Message(format!("The page failed: {why}"))),
            None => Ok(answer["value"].clone()),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn object(answer: Value) -> Result<Map<String, Value>> {
    match answer {
        Value::Object(figures) => Ok(figures),
        other => Err(Error::Message(format!(
            "The page answered {other}, which are no figures."
        ))),
    }
}

fn text(kind: &'static str, body: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind)], body)
}

/// Waits until there is an order. A page that goes away while it waits takes none with it.
async fn order(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let order = desk.orders.lock().await.recv().await;
    (
        [(CONTENT_TYPE, "application/json")],
        order.unwrap_or_default(),
    )
}

async fn answer(State(desk): State<Arc<Desk>>, body: String) {
    // Nobody waits any more after a failure.
    let _ = desk.answers.send(body);
}
