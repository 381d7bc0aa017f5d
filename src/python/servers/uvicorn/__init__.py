"""uvicorn: its server process, the lifespan protocol, WSGI apps behind it."""
