//! What every operating system has and every room speaks of: times, process ids, signals, exits and
//! the two output streams.

use strum::{EnumString, FromRepr, IntoStaticStr};

/// A point in time or a duration in milliseconds. Points count from the Unix epoch and are as fine
/// as `performance.timeOrigin + performance.now()`, so that they compare across workers.
pub type Millis = f64;

/// A process id.
pub type Pid = u32;

/// The POSIX signals that masters and workers know, by their numbers on Linux. SIGCHLD is not among
/// them: a master is told of an exit by an event of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, FromRepr, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
#[repr(i32)]
pub enum Signal {
    /// SIGHUP
    Hup = 1,
    /// SIGINT
    Int = 2,
    /// SIGQUIT
    Quit = 3,
    /// SIGABRT
    Abrt = 6,
    /// SIGKILL
    Kill = 9,
    /// SIGUSR1
    Usr1 = 10,
    /// SIGUSR2
    Usr2 = 12,
    /// SIGTERM
    Term = 15,
    /// SIGTTIN
    Ttin = 21,
    /// SIGTTOU
    Ttou = 22,
    /// SIGWINCH
    Winch = 28,
}

impl Signal {
    /// Its name without `SIG`: `TERM`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The signal of this name, without `SIG`.
    #[must_use]
    pub fn named(name: &str) -> Option<Signal> {
        name.parse().ok()
    }

    /// Its number on Linux.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The signal of this number on Linux.
    #[must_use]
    pub fn numbered(number: i32) -> Option<Signal> {
        Signal::from_repr(number)
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was ended by this signal.
    Signal(Signal),
}

impl Exit {
    /// The exit code as a shell reports it: 128 plus the number of the signal that ended the
    /// process.
    #[must_use]
    pub fn shell_code(self) -> i32 {
        match self {
            Exit::Code(code) => code & 0xff,
            Exit::Signal(signal) => 128 + signal.number(),
        }
    }
}

/// Which stream of its server a line goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Its file descriptor.
    #[must_use]
    pub fn descriptor(self) -> u32 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
        }
    }

    /// The stream with this file descriptor.
    #[must_use]
    pub fn of_descriptor(descriptor: u32) -> Option<Self> {
        [Self::Stdout, Self::Stderr]
            .into_iter()
            .find(|stream| stream.descriptor() == descriptor)
    }
}
