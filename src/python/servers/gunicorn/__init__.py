"""gunicorn: its workers, its configuration file and hooks, its reloader."""
