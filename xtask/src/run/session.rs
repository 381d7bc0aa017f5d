//! The time from the page's connection to the server's exit: what goes between the page, the TCP
//! clients, the folder, the signals and the terminal.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::RunError;
use super::flow::{FlowError, WINDOW};
use super::folder::{Change, Folder};
use super::frame::{ConnectionId, FromPage, ToPage};
use super::signals::{self, Name, Signals};
use super::tunnel::{Order, tunnel};

/// Connections that the kernel holds until they are accepted, which is at once.
const BACKLOG: u32 = 4096;

/// A message to the page is not extended beyond so many bytes.
const BATCH: usize = 256 * 1024;

/// How often the folder is looked through for changes.
const POLL: Duration = Duration::from_millis(500);

/// After its exit the server's last bytes get so long to reach clients that read slowly. (A native
/// server's kernel goes on sending after its exit.)
const DRAIN: Duration = Duration::from_secs(5);

/// A second SIGINT reaches the server too (uvicorn then quits at once), but ends it anyway after so
/// long.
const FORCE: Duration = Duration::from_secs(1);

/// What a session is made of.
pub(super) struct Session {
    pub(super) page: WebSocket,
    pub(super) signals: Signals,
    /// Signals that came before the page.
    pub(super) early: Vec<Name>,
    /// Where to publish: bound, not listening yet.
    pub(super) publish: Option<TcpSocket>,
    pub(super) folder: Folder,
    pub(super) files: Vec<Change>,
    pub(super) command: Vec<String>,
}

impl Session {
    /// Runs the server until it exits, and returns its exit code.
    ///
    /// # Errors
    /// When the page goes away, fails, or breaks the bridge's rules, or the port can no longer be
    /// had.
    pub(super) async fn run(self) -> Result<i32, RunError> {
        let Self {
            page,
            mut signals,
            early,
            publish,
            folder,
            files,
            command,
        } = self;
        let (sink, mut messages) = page.split();
        let (to_page, frames) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write_messages(sink, frames));
        send_files(&to_page, files);
        let _ = to_page.send(ToPage::Start(command));
        let watcher = tokio::spawn(watch(folder, to_page.clone()));

        let mut bridge = Bridge::new(to_page, publish, early);
        let code = loop {
            tokio::select! {
                message = next_message(&mut messages) => {
                    let Some(mut message) = message else { break Err(RunError::PageGone) };
                    if let Err(error) = bridge.take_message(&mut message) { break Err(error) }
                }
                accepted = accept(bridge.listener.as_ref()), if bridge.listener.is_some() => {
                    if let Some(client) = accepted { bridge.open(client) }
                }
                Some(ended) = bridge.tunnels.join_next() => {
                    if let Err(error) = bridge.close(ended) { break Err(error) }
                }
                name = signals.next() => bridge.signal(name),
                () = sleep_until(bridge.deadline.unwrap_or_else(Instant::now)),
                    if bridge.deadline.is_some() =>
                {
                    bridge.deadline = None;
                    bridge.give_up = true;
                }
            }
            if let Some(code) = bridge.outcome() {
                break Ok(code);
            }
        };
        watcher.abort();
        bridge.disconnect().await;
        writer.abort();
        code
    }
}

/// How far the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Serving,
    Exited(i32),
}

struct Bridge {
    to_page: UnboundedSender<ToPage>,
    publish: Option<TcpSocket>,
    listener: Option<TcpListener>,
    orders: HashMap<ConnectionId, UnboundedSender<Order>>,
    tunnels: JoinSet<Result<ConnectionId, FlowError>>,
    last_id: ConnectionId,
    phase: Phase,
    /// Signals that wait for the server to be up.
    early: Vec<Name>,
    /// SIGINT and SIGTERM so far.
    interrupts: u32,
    /// When waiting ends.
    deadline: Option<Instant>,
    /// Waiting has ended: exit now. With this code if the server has none of its own.
    give_up: bool,
    forced_code: i32,
}

impl Bridge {
    fn new(to_page: UnboundedSender<ToPage>, publish: Option<TcpSocket>, early: Vec<Name>) -> Self {
        Self {
            to_page,
            publish,
            listener: None,
            orders: HashMap::new(),
            tunnels: JoinSet::new(),
            last_id: 0,
            phase: Phase::Starting,
            early,
            interrupts: 0,
            deadline: None,
            give_up: false,
            forced_code: 0,
        }
    }

    fn take_message(&mut self, message: &mut Bytes) -> Result<(), RunError> {
        while let Some(frame) = FromPage::decode(message)? {
            self.take_frame(frame)?;
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: FromPage) -> Result<(), RunError> {
        match frame {
            FromPage::Data(id, bytes) => self.order(id, Order::Data(bytes)),
            FromPage::Eof(id) => self.order(id, Order::Eof),
            FromPage::Reset(id) => self.order(id, Order::Reset),
            FromPage::Credit(id, bytes) => self.order(id, Order::Credit(bytes)),
            FromPage::Log(_, line) => {
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            }
            FromPage::Ready => self.serve()?,
            FromPage::Exit(code) => self.exited(code),
            FromPage::Failed(reason) => return Err(RunError::Failed(reason)),
        }
        Ok(())
    }

    /// Frames of a connection that has ended meanwhile are dropped.
    fn order(&self, id: ConnectionId, order: Order) {
        if let Some(orders) = self.orders.get(&id) {
            let _ = orders.send(order);
        }
    }

    /// The server accepts: publish its port, pass on what came too early.
    fn serve(&mut self) -> Result<(), RunError> {
        if self.phase != Phase::Starting {
            return Ok(());
        }
        self.phase = Phase::Serving;
        if let Some(socket) = self.publish.take() {
            let address = socket
                .local_addr()
                .map_err(RunError::system("Publishing the port"))?;
            let listener = socket.listen(BACKLOG).map_err(|source| RunError::Publish {
                port: address.port(),
                source,
            })?;
            self.listener = Some(listener);
            let mut stdout = std::io::stdout().lock();
            let _ = writeln!(stdout, "published {address}").and_then(|()| stdout.flush());
        }
        for name in std::mem::take(&mut self.early) {
            let _ = self.to_page.send(ToPage::Signal(name.to_owned()));
        }
        Ok(())
    }

    /// A client has connected. The page connects to the server in the order of these calls.
    fn open(&mut self, client: TcpStream) {
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        let (orders, inbox) = mpsc::unbounded_channel();
        self.orders.insert(id, orders);
        let _ = self.to_page.send(ToPage::Open(id, WINDOW));
        self.tunnels
            .spawn(tunnel(id, client, inbox, self.to_page.clone()));
    }

    fn close(
        &mut self,
        ended: Result<Result<ConnectionId, FlowError>, JoinError>,
    ) -> Result<(), RunError> {
        match ended {
            Ok(id) => {
                self.orders.remove(&id?);
                Ok(())
            }
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Ok(()),
            },
        }
    }

    fn signal(&mut self, name: Name) {
        let ends = signals::exit_code(name);
        if let Some(code) = ends {
            self.forced_code = code;
            self.interrupts += 1;
        }
        match self.phase {
            Phase::Starting if ends.is_some() => self.give_up = true,
            Phase::Starting => self.early.push(name),
            Phase::Serving => {
                let _ = self.to_page.send(ToPage::Signal(name.to_owned()));
                if name == "INT" && self.interrupts == 2 {
                    self.deadline = Some(Instant::now() + FORCE);
                } else if name == "INT" && self.interrupts > 2 {
                    self.give_up = true;
                }
            }
            Phase::Exited(_) => self.give_up |= ends.is_some(),
        }
    }

    fn exited(&mut self, code: i32) {
        self.phase = Phase::Exited(code);
        self.listener = None;
        self.publish = None;
        for orders in self.orders.values() {
            let _ = orders.send(Order::Exited);
        }
        self.deadline = Some(Instant::now() + DRAIN);
    }

    /// The exit code, when nothing is left to do.
    fn outcome(&self) -> Option<i32> {
        match self.phase {
            Phase::Exited(code) if self.give_up || self.tunnels.is_empty() => Some(code),
            _ if self.give_up => Some(self.forced_code),
            _ => None,
        }
    }

    /// Resets the connections that have not got everything, and waits until that is done.
    async fn disconnect(&mut self) {
        self.orders.clear();
        while self.tunnels.join_next().await.is_some() {}
    }
}

fn send_files(to_page: &UnboundedSender<ToPage>, files: Vec<Change>) {
    for Change { path, contents } in files {
        let _ = to_page.send(match contents {
            Some(contents) => ToPage::File { path, contents },
            None => ToPage::RemoveFile(path),
        });
    }
    let _ = to_page.send(ToPage::WriteFiles);
}

/// Sends the page what changes in the folder, for the server's next reload.
async fn watch(mut folder: Folder, to_page: UnboundedSender<ToPage>) {
    let mut complained = false;
    loop {
        tokio::time::sleep(POLL).await;
        let Ok((looked, changes)) = tokio::task::spawn_blocking(move || {
            let changes = folder.changes();
            (folder, changes)
        })
        .await
        else {
            return;
        };
        folder = looked;
        match changes {
            Ok(files) if files.is_empty() => {}
            Ok(files) => send_files(&to_page, files),
            Err(error) if !complained => {
                eprintln!("xtask: {error}");
                complained = true;
            }
            Err(_) => {}
        }
    }
}

/// The next client. `None` when it could not be accepted (it is gone already, or too many files are
/// open).
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener?.accept().await {
        Ok((client, SocketAddr::V4(_) | SocketAddr::V6(_))) => Some(client),
        Err(error) => {
            eprintln!("xtask: cannot accept a connection: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// The next message. `None` when the page is gone.
async fn next_message(messages: &mut SplitStream<WebSocket>) -> Option<Bytes> {
    loop {
        match messages.next().await? {
            Ok(Message::Binary(message)) => return Some(message),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_)) => {}
        }
    }
}

/// Sends frames as soon as they come; those that wait already go into one message.
async fn write_messages(
    mut sink: SplitSink<WebSocket, Message>,
    mut frames: UnboundedReceiver<ToPage>,
) {
    while let Some(frame) = frames.recv().await {
        let mut message = Vec::new();
        frame.encode(&mut message);
        while message.len() < BATCH
            && let Ok(frame) = frames.try_recv()
        {
            frame.encode(&mut message);
        }
        if sink.send(Message::Binary(message.into())).await.is_err() {
            return;
        }
    }
}
