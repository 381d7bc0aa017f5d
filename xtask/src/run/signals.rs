//! The signals that are passed on to the server's master.

use std::io;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A signal's name without `SIG`, as `server.signal` takes it.
pub(super) type Name = &'static str;

/// Signals as they arrive.
#[derive(Debug)]
pub(super) struct Signals(UnboundedReceiver<Name>);

impl Signals {
    /// Takes over all signals that a server knows. From now on they no longer end this process by
    /// themselves.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(super) fn listen() -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        forward(&sender)?;
        Ok(Self(receiver))
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Name {
        match self.0.recv().await {
            Some(name) => name,
            // The senders live as long as the runtime.
            None => std::future::pending().await,
        }
    }
}

/// The exit code, 128 + its number, of a process that a signal ends where no server takes it;
/// `None` for signals that do not end it.
pub(super) fn exit_code(name: Name) -> Option<i32> {
    match name {
        "INT" => Some(130),
        "TERM" => Some(143),
        _ => None,
    }
}

#[cfg(unix)]
fn forward(sender: &UnboundedSender<Name>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds: [(Name, SignalKind); 9] = [
        ("TERM", SignalKind::terminate()),
        ("INT", SignalKind::interrupt()),
        ("HUP", SignalKind::hangup()),
        ("QUIT", SignalKind::quit()),
        ("USR1", SignalKind::user_defined1()),
        ("USR2", SignalKind::user_defined2()),
        // tokio has no names for these two; the numbers are the same on Linux, macOS and the BSDs.
        ("TTIN", SignalKind::from_raw(21)),
        ("TTOU", SignalKind::from_raw(22)),
        ("WINCH", SignalKind::window_change()),
    ];
    for (name, kind) in kinds {
        let mut signals = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() && sender.send(name).is_ok() {}
        });
    }
    Ok(())
}

/// Elsewhere there is only the interrupt key.
#[cfg(not(unix))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
fn forward(sender: &UnboundedSender<Name>) -> io::Result<()> {
    let sender = sender.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && sender.send("INT").is_ok() {}
    });
    Ok(())
}
