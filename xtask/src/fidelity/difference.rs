//! In what ours differs from the real server, and how that is said.

use std::fmt;

use super::run::Ending;

/// Something in which ours is not as the real server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Difference {
    /// How long all took, in u: the real server's least and most, and ours.
    Makespan { real: (f64, f64), ours: f64 },
    /// Two ends that the real server always has in this order.
    Order {
        before: (usize, usize),
        after: (usize, usize),
    },
    /// How many requests each process answered.
    Split {
        real: Vec<Vec<usize>>,
        ours: Vec<usize>,
    },
    /// What a client got.
    Endings {
        client: usize,
        real: Vec<Ending>,
        ours: Vec<Ending>,
    },
    /// What all clients got, where chance decides who gets what.
    AllEndings { ours: Vec<Vec<Ending>> },
    /// The exit code.
    Exit {
        real: Option<i32>,
        ours: Option<i32>,
    },
}

impl Difference {
    /// Whether the real server might do so too, though it did not. (How long all takes is not left
    /// to chance.)
    pub(super) fn may_be_chance(&self) -> bool {
        !matches!(self, Self::Makespan { .. } | Self::Exit { .. })
    }

    /// Whether another program that computed meanwhile may be why.
    pub(super) fn may_be_noise(&self) -> bool {
        matches!(self, Self::Makespan { .. })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let event = |(client, number): (usize, usize)| match number {
            0 => client.to_string(),
            _ => format!("{client}.{number}"),
        };
        let list = |endings: &[Ending]| {
            let texts: Vec<String> = endings.iter().map(Ending::to_string).collect();
            texts.join(", ")
        };
        let code = |exit: Option<i32>| {
            exit.map_or_else(|| "it goes on".to_owned(), |code| code.to_string())
        };
        match self {
            Self::Makespan {
                real: (least, most),
                ours,
            } => {
                write!(
                    formatter,
                    "makespan: real {least:.2} to {most:.2} u, ours {ours:.2} u"
                )
            }
            Self::Order { before, after } => {
                let (before, after) = (event(*before), event(*after));
                write!(
                    formatter,
                    "order: {before} always ends before {after} on the real server"
                )
            }
            Self::Split { real, ours } => {
                let real: Vec<String> = real.iter().map(|split| split_text(split)).collect();
                write!(
                    formatter,
                    "split: real {}, ours {}",
                    real.join(" or "),
                    split_text(ours)
                )
            }
            Self::Endings { client, real, ours } => {
                write!(
                    formatter,
                    "client {client}: real {}, ours {}",
                    list(real),
                    list(ours)
                )
            }
            Self::AllEndings { ours } => {
                let texts: Vec<String> = ours.iter().map(|endings| list(endings)).collect();
                write!(formatter, "the real server never gave {}", texts.join("; "))
            }
            Self::Exit { real, ours } => {
                write!(
                    formatter,
                    "exit code: real {}, ours {}",
                    code(*real),
                    code(*ours)
                )
            }
        }
    }
}

/// A split as the table has it.
pub(super) fn split_text(split: &[usize]) -> String {
    let texts: Vec<String> = split.iter().map(usize::to_string).collect();
    if texts.is_empty() {
        "-".into()
    } else {
        texts.join("+")
    }
}
