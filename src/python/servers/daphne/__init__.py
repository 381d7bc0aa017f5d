"""daphne: its server process and how Twisted writes responses."""
