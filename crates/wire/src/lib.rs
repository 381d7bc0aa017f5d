//! The format of the bytes that parts of wasgi exchange: page, machine, processes and Python in
//! them, and `cargo xtask run`. `www/wire/` is the same in JavaScript, and
//! `src/python/crossing.py` reads and writes lists of strings inside `CPython`'s memory.
//!
//! A message is a sequence of [frames](frame); many frames carry a [list of strings](strings).

pub mod frame;
pub mod strings;
