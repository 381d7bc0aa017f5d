"""The workers of each server, and what of the server is written in Python."""
