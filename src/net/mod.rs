//! The machine's network.
