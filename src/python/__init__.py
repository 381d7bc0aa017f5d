"""The Python side of a wasgi process, inside CPython: installed as ``wasgi_runtime``."""
