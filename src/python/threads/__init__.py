"""Threads, locks, waits and signals of a process, on Rust's event loop."""
