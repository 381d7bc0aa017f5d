//! `cargo xtask run`: a server command line in a headless browser, its port published as real TCP.
//!
//! The page `run.html` connects back by a WebSocket, `/bridge`, gets the folder's files and the
//! command line, and starts the server. From then on `session` carries connections, log lines and
//! signals between the two.

mod flow;
mod folder;
mod frame;
mod session;
mod signals;
mod tunnel;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::browser::Browser;
use crate::build;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::serve;

use flow::FlowError;
use folder::{Folder, FolderError};
use frame::FrameError;
use session::Session;
use signals::{Name, Signals};

/// The page connects within so long, or there is no page: even a slow machine starts a browser in
/// less.
const PAGE_START: Duration = Duration::from_mins(1);

/// How often the browser is looked after until its page has connected.
const LOOK: Duration = Duration::from_millis(100);

/// Exit code when the browser, not the server, is what failed (`EX_SOFTWARE`).
const BROWSER_FAILED: u8 = 70;

/// Why a server could not be run to its own exit.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Task(#[from] Error),
    #[error(
        "Port {port} cannot be published: {source}. Choose another with --publish (0: any free one)."
    )]
    Publish { port: u16, source: io::Error },
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{action} failed: {source}.")]
    System {
        action: &'static str,
        source: io::Error,
    },
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("The browser has ended or its page has crashed, and the server with it. Run it again.")]
    PageGone,
    #[error(
        "The browser did not open its page within {} s. Try cargo xtask serve and open the page by hand.",
        PAGE_START.as_secs()
    )]
    PageMissing,
    #[error("The page could not run the server: {0}")]
    Failed(String),
}

impl RunError {
    fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Task(_) | Self::Publish { .. } | Self::Folder(_) | Self::System { .. } => {
                ExitCode::FAILURE
            }
            Self::Frame(_)
            | Self::Flow(_)
            | Self::PageGone
            | Self::PageMissing
            | Self::Failed(_) => ExitCode::from(BROWSER_FAILED),
        }
    }
}

/// Run a server command line in a headless browser
///
/// It exits with the server's exit code. Signals go to the server.
#[derive(Debug, Args)]
#[command(override_usage = "cargo xtask run [OPTIONS] -- <COMMAND>...")]
pub struct Options {
    /// The server's working directory
    #[arg(long = "dir", value_name = "DIRECTORY", default_value = ".")]
    folder: PathBuf,
    /// The server's port becomes 127.0.0.1:PORT; 0: any free port
    #[arg(long, value_name = "PORT")]
    publish: Option<u16>,
    /// A site that was built before; without it, the site is built
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,
    /// The server's command line, such as gunicorn app:app
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

/// Runs a server command line until it exits, with its exit code.
pub fn run(project: &Project, options: Options) -> Result<ExitCode> {
    // One thread: a byte on its way changes tasks several times, and waking another thread for each
    // costs more than it gains.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io("start", "the event loop".as_ref()))?;
    let code = runtime.block_on(run_until_exit(project, options));
    // A build that a signal cut short is not waited for.
    runtime.shutdown_background();
    Ok(match code {
        // As a shell sees it: the lowest 8 bits.
        Ok(code) => ExitCode::from((code & 0xff) as u8),
        Err(error) => {
            eprintln!("xtask: {error}");
            error.exit_code()
        }
    })
}

async fn run_until_exit(project: &Project, options: Options) -> Result<i32, RunError> {
    let mut signals = Signals::listen().map_err(RunError::system("Listening to signals"))?;
    // Everything that may be refused comes before what takes long.
    let publish = options.publish.map(bind).transpose()?;
    let mut folder = Folder::new(options.folder);
    let files = folder.changes()?;

    let mut early = Vec::new();
    let page = tokio::select! {
        page = open_page(project, options.site) => page?,
        code = ends(&mut signals, &mut early) => return Ok(code),
    };
    let (socket, _browser) = page;
    Session {
        page: socket,
        signals,
        early,
        publish,
        folder,
        files,
        command: options.command,
    }
    .run()
    .await
}

/// The exit code of a server that is ended by a signal before it is up. Other signals wait for it
/// in `early`.
async fn ends(signals: &mut Signals, early: &mut Vec<Name>) -> i32 {
    loop {
        let name = signals.next().await;
        match signals::exit_code(name) {
            Some(code) => return code,
            None => early.push(name),
        }
    }
}

/// Takes the port without listening: clients are refused until the server accepts.
fn bind(port: u16) -> Result<TcpSocket, RunError> {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        // As every server does, or a port could not be used again for a minute.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(socket)
    };
    bind().map_err(|source| RunError::Publish { port, source })
}

/// Builds the site (unless there is one), serves it and has a browser open the page that runs the
/// server.
async fn open_page(
    project: &Project,
    site: Option<PathBuf>,
) -> Result<(WebSocket, Browser), RunError> {
    let dist = match site {
        Some(site) => site,
        None => build_site(project).await?,
    };
    let (connected, connection) = oneshot::channel();
    let token = token()?;
    let bridge = bridge(token.clone(), connected);
    let listener = listen().map_err(RunError::system("Serving the page on 127.0.0.1"))?;
    let address = listener
        .local_addr()
        .map_err(RunError::system("Serving the page on 127.0.0.1"))?;
    tokio::spawn(serve::serve(listener, dist, bridge));

    let mut browser = Browser::launch(&format!("http://{address}/run.html#{token}"))?;
    let has_ended = async {
        while !browser.has_ended() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let socket = tokio::select! {
        socket = connection => socket.map_err(|_| RunError::PageGone)?,
        () = has_ended => return Err(RunError::PageGone),
        () = tokio::time::sleep(PAGE_START) => return Err(RunError::PageMissing),
    };
    Ok((socket, browser))
}

async fn build_site(project: &Project) -> Result<PathBuf, RunError> {
    let project = project.clone();
    let options = build::Options::new(&project);
    let dist = options.dist.clone();
    tokio::task::spawn_blocking(move || build::build(&project, &options))
        .await
        .map_err(|error| RunError::system("Building the site")(error.into()))??;
    Ok(dist)
}

/// A port for the page. Accepted connections inherit that nothing waits to be sent together with
/// more.
fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(128)
}

/// What the page shows to be let in: any other page of any browser on this machine can reach the
/// port too.
fn token() -> Result<String, RunError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| RunError::system("Making a token")(error.into()))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// The route by which the page comes in.
fn bridge(token: String, connected: oneshot::Sender<WebSocket>) -> Router {
    let door = Door {
        token,
        connected: Mutex::new(Some(connected)),
    };
    Router::new()
        .route("/bridge", get(enter))
        .with_state(Arc::new(door))
}

/// Lets the page in, once.
struct Door {
    token: String,
    connected: Mutex<Option<oneshot::Sender<WebSocket>>>,
}

async fn enter(
    State(door): State<Arc<Door>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    if query.as_deref() != Some(door.token.as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(connected) = door
        .connected
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    else {
        return StatusCode::CONFLICT.into_response();
    };
    upgrade.on_upgrade(|socket| async {
        // Nobody waits any more when a signal has ended everything.
        let _ = connected.send(socket);
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::options;

    fn parse(words: &[&str]) -> Result<Options, clap::Error> {
        options::parse(words)
    }

    #[test]
    fn the_servers_own_options_stay_with_the_server() {
        for separator in [&["--"][..], &[]] {
            let words = ["--dir", "app", "--publish", "8000"];
            let command = ["gunicorn", "-b", ":80", "--dir", "x", "--", "a b"];
            let options = parse(&[&words[..], separator, &command].concat()).unwrap();
            assert_eq!(options.command, command);
            assert_eq!(options.folder, PathBuf::from("app"));
            assert_eq!(options.publish, Some(8000));
        }
    }

    #[test]
    fn a_missing_command_line_and_a_port_that_is_none_are_refused() {
        for words in [
            &[][..],
            &["--"],
            &["--publish", "80000", "gunicorn"],
            &["--port", "1", "gunicorn"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let token = || super::token().unwrap();
        assert_eq!(token().len(), 32);
        assert_ne!(token(), token());
    }

    #[tokio::test]
    async fn a_port_that_another_listens_on_is_refused_with_a_sentence() {
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = other.local_addr().unwrap().port();
        let error = bind(port).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("Port {port} cannot be published")),
            "{error}"
        );
        assert_eq!(error.exit_code(), ExitCode::FAILURE);
    }

    #[tokio::test]
    async fn the_bridge_lets_in_one_page_and_only_with_the_token() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::net::TcpStream;

        let (connected, mut connection) = oneshot::channel();
        let listener = listen().unwrap();
        let address = listener.local_addr().unwrap();
        let app = bridge("secret".into(), connected);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let status = async |path: &str| {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            client.write_all(request.as_bytes()).await.unwrap();
            let mut status = [0; 12];
            client.read_exact(&mut status).await.unwrap();
            (String::from_utf8(status.to_vec()).unwrap(), client)
        };
        for path in ["/bridge", "/bridge?", "/bridge?wrong", "/bridge?secret2"] {
            assert_eq!(status(path).await.0, "HTTP/1.1 403", "{path}");
        }
        assert!(connection.try_recv().is_err());
        let (first, _client) = status("/bridge?secret").await;
        assert_eq!(first, "HTTP/1.1 101");
        assert!(connection.await.is_ok());
        assert_eq!(status("/bridge?secret").await.0, "HTTP/1.1 409");
    }
}
