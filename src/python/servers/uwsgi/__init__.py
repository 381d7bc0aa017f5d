"""uWSGI: its workers and what they log."""
