//! One TCP connection of the published port, carried to the page and back.

use std::io;

use axum::body::Bytes;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::flow::{Connection, FlowError};
use super::frame::{ConnectionId, ToPage};

/// At most so much is read from a client at once.
const READ: usize = 64 * 1024;

/// What the page says about a connection.
#[derive(Debug)]
pub(super) enum Order {
    /// The server sent bytes.
    Data(Bytes),
    /// The server sends no more.
    Eof,
    /// The server reset the connection, or nobody listens.
    Reset,
    /// The server consumed so many bytes.
    Credit(u32),
    /// The server has exited: what it sent before still reaches the client, what the client sends
    /// interests nobody.
    Exited,
}

/// Why a tunnel stops before both directions have ended.
enum Stop {
    /// The client reset the connection: the page must know.
    ClientReset,
    /// The page reset the connection, or is gone: the client must know.
    PageReset,
    /// The page broke the rules.
    Flow(FlowError),
}

/// Carries one connection until both directions have ended or one end resets it. `orders` is closed
/// when the page is gone.
pub(super) async fn tunnel(
    id: ConnectionId,
    mut client: TcpStream,
    mut orders: UnboundedReceiver<Order>,
    page: UnboundedSender<ToPage>,
) -> Result<ConnectionId, FlowError> {
    match carry(id, &mut client, &mut orders, &page).await {
        Ok(()) => {}
        Err(Stop::ClientReset) => {
            let _ = page.send(ToPage::Reset(id));
        }
        Err(Stop::PageReset) => {
            // Closing with a linger time of zero sends RST instead of FIN.
            let _ = client.set_zero_linger();
        }
        Err(Stop::Flow(error)) => return Err(error),
    }
    Ok(id)
}

async fn carry(
    id: ConnectionId,
    client: &mut TcpStream,
    orders: &mut UnboundedReceiver<Order>,
    page: &UnboundedSender<ToPage>,
) -> Result<(), Stop> {
    // Both ends batch as they see fit; waiting here would only add to the latency that fidelity is
    // measured through.
    let _ = client.set_nodelay(true);
    let mut connection = Connection::new();
    loop {
        write(id, client, &mut connection, page)?;
        if connection.take_shutdown() {
            client.shutdown().await.map_err(|_| Stop::ClientReset)?;
        }
        if connection.is_over() {
            return Ok(());
        }
        let may_read = connection.may_read();
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Data(bytes)) => connection.received(bytes).map_err(Stop::Flow)?,
                Some(Order::Eof) => connection.received_end(),
                Some(Order::Credit(bytes)) => connection.credited(bytes),
                Some(Order::Exited) => connection.read_end(),
                Some(Order::Reset) | None => return Err(Stop::PageReset),
            },
            ready = client.readable(), if may_read > 0 => {
                ready.map_err(|_| Stop::ClientReset)?;
                read(id, client, &mut connection, page)?;
            }
            ready = client.writable(), if connection.to_write().is_some() => {
                ready.map_err(|_| Stop::ClientReset)?;
            }
            // While nothing may be read, a reset by the client shows itself here only.
            _ = client.ready(Interest::ERROR), if may_read == 0 => return Err(Stop::ClientReset),
        }
    }
}

/// Writes what the client's socket takes without waiting.
fn write(
    id: ConnectionId,
    client: &TcpStream,
    connection: &mut Connection,
    page: &UnboundedSender<ToPage>,
) -> Result<(), Stop> {
    while let Some(bytes) = connection.to_write() {
        match client.try_write(bytes) {
            Ok(taken) => {
                if let Some(credit) = connection.wrote(taken) {
                    let _ = page.send(ToPage::Credit(id, credit));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(_) => return Err(Stop::ClientReset),
        }
    }
    Ok(())
}

/// Reads what the client's socket has, as far as there is credit.
fn read(
    id: ConnectionId,
    client: &TcpStream,
    connection: &mut Connection,
    page: &UnboundedSender<ToPage>,
) -> Result<(), Stop> {
    let mut buffer = vec![0; connection.may_read().min(READ)];
    match client.try_read(&mut buffer) {
        Ok(0) => {
            connection.read_end();
            let _ = page.send(ToPage::Eof(id));
        }
        Ok(length) => {
            connection.read(length);
            buffer.truncate(length);
            let _ = page.send(ToPage::Data(id, buffer.into()));
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(_) => return Err(Stop::ClientReset),
    }
    Ok(())
}
