//! The real server and ours with the same command line, side by side.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::{self, End, Patience, Seen};
use super::difference::Answer;
use super::exchange::{Exchange, Step};
use super::normal;
use super::set_up::SetUp;
use crate::error::Result;
use crate::servers::{Kind, PORT, Server, Started};

/// A log that has not grown for so long rests.
const REST: Duration = Duration::from_millis(250);
/// A log that never rests is looked at after so long.
const RESTLESS: Duration = Duration::from_secs(5);
/// How often logs are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a healthy server takes for the requests that look whether it is.
const HEALTHY: Patience = Patience {
    quiet: Duration::from_secs(8),
    expected: Duration::from_secs(8),
};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Real,
    Ours,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Real, Self::Ours];

    /// How it is printed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Ours => "ours",
        }
    }
}

/// Both servers of a set-up.
pub(super) struct Pair {
    pub(super) set_up: SetUp,
    kinds: [Kind; 2],
    apps: PathBuf,
    servers: [Server; 2],
    /// How much of each log was read.
    read: [usize; 2],
}

/// Why a server does not run.
pub(super) struct Refusal {
    pub(super) side: Side,
    /// Its exit code and what it said last.
    pub(super) why: String,
}

impl Pair {
    /// Starts both.
    pub(super) fn start(
        set_up: SetUp,
        kinds: &[Kind; 2],
        apps: PathBuf,
    ) -> Result<Result<Self, Refusal>> {
        let start = |side: Side, port: Option<u16>| {
            // Ours listens in the tab on the port that the real one has, which apps see.
            let port = port.unwrap_or_else(|| PORT.parse().unwrap_or_default());
            match Server::start(&kinds[side as usize], &set_up.line(port), &apps)? {
                Started::Up(server) => Ok(Ok(server)),
                Started::Exited(code, line) => Ok(Err(Refusal {
                    side,
                    why: format!("{line} (exit code {code})"),
                })),
            }
        };
        let real = match start(Side::Real, None)? {
            Ok(server) => server,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let ours = match start(Side::Ours, Some(real.address.port()))? {
            Ok(server) => server,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut pair = Self {
            set_up,
            kinds: kinds.clone(),
            apps,
            servers: [real, ours],
            read: [0, 0],
        };
        pair.skip_logs();
        Ok(Ok(pair))
    }

    /// Starts both anew.
    pub(super) fn restart(self) -> Result<Result<Self, Refusal>> {
        let Self {
            set_up,
            kinds,
            apps,
            servers,
            ..
        } = self;
        drop(servers);
        Self::start(set_up, &kinds, apps)
    }

    /// What plays exchanges on the two servers.
    pub(super) fn players(&self) -> Players {
        Players {
            addresses: Side::BOTH.map(|side| self.address(side)),
        }
    }

    /// Plays an exchange alone, with what both print meanwhile.
    pub(super) async fn play_alone(&mut self, exchange: &Exchange) -> [Answer; 2] {
        self.skip_logs();
        let [real, ours] = self.players().play(exchange, Patience::SECOND).await;
        let [real_log, our_log] = self.logs().await;
        [
            Answer::new(&real, Some(real_log)),
            Answer::new(&ours, Some(our_log)),
        ]
    }

    /// Where a server accepts.
    pub(super) fn address(&self, side: Side) -> SocketAddr {
        self.servers[side as usize].address
    }

    fn skip_logs(&mut self) {
        for side in 0..2 {
            self.read[side] = self.servers[side].log().len();
        }
    }

    /// What both have printed since the last call, once they print no more.
    pub(super) async fn logs(&mut self) -> [Vec<String>; 2] {
        let deadline = Instant::now() + RESTLESS;
        let mut logs = [0, 1].map(|side| self.servers[side].log());
        let mut since = Instant::now();
        while since.elapsed() < REST && Instant::now() < deadline {
            sleep(LOOK).await;
            let now = [0, 1].map(|side| self.servers[side].log());
            if now != logs {
                logs = now;
                since = Instant::now();
            }
        }
        let lines = [0, 1].map(|side| {
            let new = logs[side].get(self.read[side]..).unwrap_or_default();
            normal::log(new)
        });
        self.read = [0, 1].map(|side| logs[side].len());
        lines
    }

    /// What is wrong with a server that has served: it answers no more, or not as many at once.
    pub(super) async fn ailment(&mut self, side: Side) -> Option<String> {
        if let Some(code) = self.servers[side as usize].has_exited() {
            return Some(format!("it has exited with code {code}"));
        }
        let lanes = self.set_up.lanes;
        let todo = if self.set_up.is_one_process {
            format!("held.{lanes}")
        } else {
            "sleep".to_owned()
        };
        let request = format!("GET /?do={todo} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let exchange = Exchange(vec![Step::Send(request.into_bytes())]);
        let address = self.address(side);
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..lanes {
            let exchange = exchange.clone();
            requests.spawn(async move { client::play(address, &exchange, None, HEALTHY).await });
        }
        let seen = requests.join_all().await;
        let is_answered = |seen: &&Seen| {
            let text = String::from_utf8_lossy(&seen.bytes);
            text.starts_with("HTTP/1.") && text.contains(" 200 ") && !text.ends_with("missed")
        };
        let answered = seen.iter().filter(is_answered).count();
        (answered < lanes).then(|| format!("{answered} of {lanes} requests at once are answered"))
    }
}

/// Plays exchanges on the two servers of a pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Players {
    addresses: [SocketAddr; 2],
}

impl Players {
    /// Plays an exchange on the real server, then on ours.
    pub(super) async fn play(&self, exchange: &Exchange, patience: Patience) -> [Seen; 2] {
        let real = client::play(self.addresses[0], exchange, None, patience).await;
        let like = (real.end != End::Refused).then_some(&real);
        let ours = client::play(self.addresses[1], exchange, like, patience).await;
        [real, ours]
    }
}
