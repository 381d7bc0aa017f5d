//! What threads wait for.

/// What a thread waits for: whoever has the key may wake it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The worker's connections.
    Connections,
    /// The client of a request, by the request's number in its worker; in a worker of cores, what
    /// there is to do for a core, by its number.
    Client(u32),
    /// A lock, the end of a thread, an event: by a number that Python has given out.
    Object(u32),
}

impl Key {
    /// The number of [`Connections`](Self::Connections).
    pub const CONNECTIONS: u32 = 1;
    /// The first number that Python gives out.
    pub const OBJECTS: u32 = 16;
    /// The number of the client 0; those of the others follow.
    pub const CLIENTS: u32 = 0x8000_0000;

    /// As Python and the trace know it.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Connections => Self::CONNECTIONS,
            Self::Client(id) => Self::CLIENTS | id,
            Self::Object(number) => number,
        }
    }
}

impl From<u32> for Key {
    fn from(number: u32) -> Self {
        match number {
            Self::CONNECTIONS => Self::Connections,
            Self::CLIENTS.. => Self::Client(number - Self::CLIENTS),
            _ => Self::Object(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_key_is_found_by_its_number() {
        for key in [
            Key::Connections,
            Key::Client(0),
            Key::Client(7),
            Key::Object(Key::OBJECTS),
        ] {
            assert_eq!(Key::from(key.number()), key);
        }
    }
}
