//! A client plays an exchange over TCP and notes what comes back.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::exchange::{Exchange, Step};

/// At most so much is read of what a server sends on one connection.
const MOST: usize = 4 * 1024 * 1024;

/// So much is read at once.
const READ: usize = 16 * 1024;

/// How long nothing comes before a client takes a server for silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Where nothing more is expected.
    pub(super) quiet: Duration,
    /// Where the real server has said more, or has closed.
    pub(super) expected: Duration,
}

impl Patience {
    /// Of many exchanges at once. What differs is played again.
    pub(super) const FIRST: Self = Self {
        quiet: Duration::from_millis(200),
        expected: Duration::from_secs(4),
    };
    /// Of an exchange alone.
    pub(super) const SECOND: Self = Self {
        quiet: Duration::from_millis(500),
        expected: Duration::from_secs(4),
    };
}

/// How a connection stands when its client gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The server may say more.
    Open,
    /// The server sends no more.
    Fin,
    /// The server has reset the connection.
    Reset,
    /// The server did not accept it.
    Refused,
}

/// What a client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// All that came.
    pub(super) bytes: Vec<u8>,
    /// How much had come, and whether the server had closed, at the end of each wait.
    waits: Vec<(usize, bool)>,
    /// How it ended.
    pub(super) end: End,
}

/// Plays an exchange. `like` is what the real server did: as much is waited for.
pub(super) async fn play(
    address: SocketAddr,
    exchange: &Exchange,
    like: Option<&Seen>,
    patience: Patience,
) -> Seen {
    let Ok(stream) = TcpStream::connect(address).await else {
        return Seen {
            bytes: Vec::new(),
            waits: Vec::new(),
            end: End::Refused,
        };
    };
    let _ = stream.set_nodelay(true);
    let mut client = Client {
        stream,
        bytes: Vec::new(),
        waits: Vec::new(),
        end: None,
        patience,
        like,
    };
    for step in &exchange.0 {
        match step {
            Step::Send(bytes) => client.send(bytes).await,
            Step::Quiet => client.wait().await,
            Step::Finish => {
                // A server that has closed already shows in what is read.
                let _ = client.stream.shutdown().await;
            }
        }
    }
    client.wait().await;
    Seen {
        bytes: client.bytes,
        waits: client.waits,
        end: client.end.unwrap_or(End::Open),
    }
}

struct Client<'a> {
    stream: TcpStream,
    bytes: Vec<u8>,
    waits: Vec<(usize, bool)>,
    end: Option<End>,
    patience: Patience,
    like: Option<&'a Seen>,
}

impl Client<'_> {
    /// Sends while it reads, until the server takes no more: it has closed, or reads nothing.
    async fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.end != Some(End::Reset) {
            let (mut read, mut write) = self.stream.split();
            let mut buffer = vec![0; READ];
            let step = async {
                if self.end.is_some() {
                    return Err(write.write(bytes).await);
                }
                tokio::select! {
                    biased;
                    got = read.read(&mut buffer) => Ok(got),
                    sent = write.write(bytes) => Err(sent),
                }
            };
            match timeout(self.patience.expected, step).await {
                Ok(Ok(got)) => self.got(got, &buffer),
                Ok(Err(Ok(length))) => bytes = &bytes[length..],
                Ok(Err(Err(_))) | Err(_) => return,
            }
        }
    }

    /// Waits until nothing more comes.
    async fn wait(&mut self) {
        let like = self
            .like
            .and_then(|seen| seen.waits.get(self.waits.len()))
            .copied();
        let deadline = Instant::now() + self.patience.expected;
        let mut buffer = vec![0; READ];
        while self.end.is_none() && self.bytes.len() < MOST {
            let expects = like.is_some_and(|(length, closed)| self.bytes.len() < length || closed);
            let wait = if expects {
                deadline.saturating_duration_since(Instant::now())
            } else {
                self.patience.quiet
            };
            match timeout(wait, self.stream.read(&mut buffer)).await {
                Ok(got) => self.got(got, &buffer),
                Err(_) => break,
            }
        }
        self.waits.push((self.bytes.len(), self.end.is_some()));
    }

    fn got(&mut self, got: std::io::Result<usize>, buffer: &[u8]) {
        match got {
            Ok(0) => self.end = Some(End::Fin),
            Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.end = Some(End::Reset),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::net::TcpListener;

    use super::*;

    /// What a client sees of a server that answers what it is sent first with this, and then ends.
    async fn seen(answer: &'static [u8], end: End, like: Option<&Seen>) -> Seen {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 64];
            let _ = stream.read(&mut buffer).await.unwrap();
            stream.write_all(answer).await.unwrap();
            match end {
                End::Open => {
                    // Until the client has gone.
                    let _ = stream.read(&mut buffer).await;
                }
                End::Reset => stream.set_zero_linger().unwrap(),
                _ => {}
            }
        });
        let exchange = Exchange(vec![Step::Send(b"hello".to_vec()), Step::Quiet]);
        let seen = play(address, &exchange, like, Patience::FIRST).await;
        server.await.unwrap();
        seen
    }

    #[tokio::test]
    async fn a_client_tells_how_a_connection_ended() {
        for end in [End::Open, End::Fin, End::Reset] {
            let seen = seen(b"answer", end, None).await;
            assert_eq!((seen.bytes.as_slice(), seen.end), (&b"answer"[..], end));
        }
    }

    #[tokio::test]
    async fn what_the_real_server_did_is_waited_for_no_longer_than_it_takes() {
        let real = seen(b"answer", End::Fin, None).await;
        let begin = Instant::now();
        let ours = seen(b"answer", End::Open, Some(&real)).await;
        assert_eq!(ours.end, End::Open);
        assert!(begin.elapsed() >= Patience::FIRST.expected);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let seen = play(address, &Exchange::default(), None, Patience::FIRST).await;
        assert_eq!(seen.end, End::Refused);
    }
}
