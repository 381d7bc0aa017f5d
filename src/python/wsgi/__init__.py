"""What a WSGI app sees of the server (PEP 3333)."""
