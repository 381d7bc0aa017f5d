"""Calls that enter the interpreter's loop anew.

That loop is one function of WebAssembly, and a call of it goes on in the machine code that it began
in, though the browser has made better code since: the first code is slow, and processes that
compute in it disturb each other, as it counts in memory that they share. From one Python function
to another there is no such call, through C there is one. So a thread that lives long does through
here what it does again and again.
"""

from functools import partial

anew = partial
"""A callable all in C, which calls a Python function by way of the interpreter's C interface."""
