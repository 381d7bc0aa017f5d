//! The real servers, in a virtual environment of the bench's own, and a client that loads them as
//! the page loads ours.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::command;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::venv;

/// A server that takes longer to accept does not start at all.
const START: Duration = Duration::from_secs(30);

/// A server in its own process, ended when this is dropped.
#[derive(Debug)]
pub(super) struct Native {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Native {
    /// Starts `command` (a server's name and its arguments) on the file `app.py` with these
    /// contents.
    pub(super) async fn start(project: &Project, command: &str, app: &str) -> Result<Self> {
        let programs = venv::programs(
            project,
            "bench-venv",
            "gunicorn and uvicorn to compare with",
            "xtask/requirements-bench.txt",
        )?;
        let directory = TempDir::with_prefix("wasgi-bench-")
            .map_err(|error| Error::io("create", &std::env::temp_dir())(error))?;
        let file = directory.path().join("app.py");
        fs::write(&file, app).map_err(Error::io("write", &file))?;
        let address = free_address().await?;
        let mut words = command.split(' ');
        let name = words.next().unwrap_or_default();
        let mut server = Command::new(programs.join(name));
        server.args(words).current_dir(directory.path());
        match name {
            "gunicorn" => server.args(["--bind", &address.to_string()]),
            _ => server.args(["--port", &address.port().to_string()]),
        };
        server
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut server, 0);
        let child = server
            .spawn()
            .map_err(|error| command::not_started(&server, venv::REMEDY, error))?;
        let mut native = Self {
            child,
            address,
            _directory: directory,
        };
        native.wait_until_it_answers(command).await?;
        Ok(native)
    }

    async fn wait_until_it_answers(&mut self, command: &str) -> Result<()> {
        let begin = Instant::now();
        while self.load(1, 1).await.is_err() {
            let has_ended = !matches!(self.child.try_wait(), Ok(None));
            if has_ended || begin.elapsed() > START {
                return Err(Error::Message(format!(
                    "The native server `{command}` does not answer: run it in target/bench-venv to see why."
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Requests per second. Connections are kept for as long as the server keeps them, as the
    /// page's are.
    pub(super) async fn load(&self, connections: u32, requests: u32) -> Result<f64> {
        let left = Arc::new(AtomicU32::new(requests));
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            clients.spawn(client(self.address, left.clone()));
        }
        while let Some(ended) = clients.join_next().await {
            ended
                .map_err(std::io::Error::other)
                .flatten()
                .map_err(Error::io("load", Path::new("the native server")))?;
        }
        Ok(f64::from(requests) / begin.elapsed().as_secs_f64())
    }

    /// Milliseconds from a worker's SIGKILL of itself, at `/kill`, until its successor has
    /// answered.
    pub(super) async fn replaced(&self) -> Result<f64> {
        let begin = Instant::now();
        // It ends without an answer.
        let _ = self.get("/kill").await;
        self.get("/pid")
            .await
            .map_err(Error::io("ask", Path::new("the native server")))?;
        Ok(begin.elapsed().as_secs_f64() * 1000.0)
    }

    /// One request on a connection of its own.
    async fn get(&self, path: &str) -> std::io::Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if answer.starts_with(b"HTTP/1.1 200") {
            return Ok(());
        }
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        crate::browser::end(&mut self.child);
    }
}

/// A port that is free now.
async fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    listener
        .and_then(|listener| listener.local_addr())
        .map_err(Error::io("take", Path::new("a port")))
}

/// Sends requests one after the other while there are any left.
async fn client(address: SocketAddr, left: Arc<AtomicU32>) -> std::io::Result<()> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUser-Agent: wasgi-bench\r\nAccept: */*\r\n\r\n"
    );
    let mut kept = None;
    let mut answer = Vec::with_capacity(4096);
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    {
        let mut stream = if let Some(stream) = kept.take() {
            stream
        } else {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream
        };
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        let close = loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = whole(&answer) {
                break answer?;
            }
        };
        if !close {
            kept = Some(stream);
        }
    }
    Ok(())
}

/// Whether a response with a `Content-Length` is whole, and then whether its connection closes.
fn whole(answer: &[u8]) -> Option<std::io::Result<bool>> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    if head.split(' ').nth(1) != Some("200") {
        return Some(Err(std::io::Error::other(format!("it answered {head}"))));
    }
    let length: usize = field("content-length")?.parse().ok()?;
    let close = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    (body.len() >= length).then_some(Ok(close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_with_the_last_byte_of_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: close\r\n\r\nHello";
        for end in 0..answer.len() {
            assert!(whole(&answer[..end]).is_none(), "{end} bytes");
        }
        assert!(matches!(whole(answer), Some(Ok(true))));
    }

    #[test]
    fn an_error_is_no_response_to_measure() {
        let answer = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
        assert!(matches!(whole(answer), Some(Err(_))));
    }
}
