"""What crosses between Python and Rust: the shared buffer, log records, tracebacks."""
