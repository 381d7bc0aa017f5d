"""What an ASGI app sees of the server (ASGI 3.0)."""
