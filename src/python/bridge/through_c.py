"""Calls that go through C, so that each begins a new call of the interpreter's loop.

That loop is one function of WebAssembly, and a call of it goes on in the machine code that it began
in, though the browser has made better code since. The first code is slow, and processes that
compute in it disturb each other, as it counts in memory that they share. Python that calls Python
stays in the same call of that function; Python that calls C, which calls Python, begins another. So
a thread that lives long calls through here what it does again and again.
"""

from functools import partial

through_c = partial
"""A callable in C that calls a Python function with these arguments first."""
