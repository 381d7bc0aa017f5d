"""What happens to a running thread from outside: it is made to let go of the GIL, and the main
thread gets signals.

CPython looks up every few bytecodes and asks JavaScript, which asks Rust's event loop; if there is
something to do, a signal of our own is raised, whose handler is here. It runs between two bytecodes
of the running thread.
"""

import _signal
import _thread
import errno
import opcode
import signal
import sys
from operator import index
from types import FrameType
from typing import Any, Final

from pyodide.ffi import can_run_sync

import _wasgi
from _wasgi import GO_ON, HANDLE_SIGNAL, SIGNAL_DEFAULT, SIGNAL_HANDLED, SIGNAL_IGNORED, TURN_LOOP

from . import waiting
from .waiting import yield_now

TICK: Final = 63
"""The signal that is ours: CPython has no other way in."""

QUIT_AFTER: Final = 0.1
"""Seconds for which gunicorn's handler of QUIT and INT sleeps."""

_UNTOUCHED: Final = ("wasgi_runtime.", "importlib._bootstrap")
"""Modules whose frames are not interrupted: they are atomic for each other, as C code would be."""

_BOUNDARIES: Final = {opcode.opmap["RESUME"], opcode.opmap["JUMP_BACKWARD"]}
"""Where the interpreter itself looks up and nothing but bytecode is under way: at the start of a
function and of each turn of a loop.
"""

_check = _wasgi.check
_again = _wasgi.look_again
_next_signal = _wasgi.next_signal
_interrupted = _wasgi.interrupted
_getsignal = _signal.getsignal
_set_signal = _signal.signal


def _tick(_number: int, frame: FrameType | None) -> None:
    _look(frame)


def _look(frame: FrameType | None, anywhere: bool = False) -> None:
    todo = _check()
    if todo == GO_ON:
        return
    if frame is not None and str(frame.f_globals.get("__name__")).startswith(_UNTOUCHED):
        _again()
        return
    if todo == HANDLE_SIGNAL:
        handle_signals(frame)
    elif (
        not anywhere
        and frame is not None
        and frame.f_code.co_code[frame.f_lasti] not in _BOUNDARIES
    ):
        # C code looks for signals too, such as print() between two of its pieces, with a stream
        # locked. Natively it keeps the GIL while it does.
        _again()
    elif can_run_sync():
        yield_now(to_messages=todo == TURN_LOOP)


def poll(frame: FrameType) -> None:
    """What a function does now and then that lets go of the GIL natively; ``frame`` is its
    caller's.
    """
    _look(frame, anywhere=True)


def handle_signals(frame: FrameType | None) -> None:
    """Runs the handlers of the signals that have arrived for the main thread. What they raise goes
    through.
    """
    code = _interrupted()
    if code is not None:
        # What the signal handlers of gunicorn's workers do, where the thread stands: in the app. On
        # QUIT and INT they sleep first.
        if code == 0:
            waiting.sleep(QUIT_AFTER)
        raise SystemExit(code)
    while (number := _next_signal()) is not None:
        handler = _getsignal(number)
        if callable(handler):
            handler(number, frame)


def handle_own(frame: FrameType | None) -> None:
    """What a thread does that has sent its process a signal: the main thread handles it before it
    goes on.
    """
    if _thread.get_ident() == _main_ident:
        handle_signals(frame)


def _disposition(handler: Any) -> int:
    if callable(handler):
        return SIGNAL_HANDLED
    return SIGNAL_IGNORED if handler == _signal.SIG_IGN else SIGNAL_DEFAULT


def _signal_signal(signalnum: int, handler: Any, /) -> Any:
    """Set the action for the given signal."""
    number = index(signalnum)
    if _thread.get_ident() != _main_ident:
        raise ValueError("signal only works in main thread of the main interpreter")
    before = _set_signal(number, handler)
    _wasgi.set_disposition(number, _disposition(handler))
    return before


def report_dispositions() -> None:
    """Tells a new process what its memory says that it does on signals."""
    for number in _signal.valid_signals():
        if number != TICK:
            _wasgi.set_disposition(number, _disposition(_getsignal(number)))


def raise_signal(signalnum: int, /) -> None:
    """Send a signal to the executing process."""
    import os

    number = index(signalnum)
    if not 0 < number < _signal.NSIG:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    os.kill(os.getpid(), number)
    handle_own(sys._getframe(1))


def interrupt_main(signum: int = _signal.SIGINT, /) -> None:
    """Simulate the arrival of the given signal in the main thread."""
    number = index(signum)
    if not 0 < number < _signal.NSIG:
        raise ValueError("signal number out of range")
    if callable(_getsignal(number)):
        _wasgi.raise_signal(number)
        handle_own(sys._getframe(1))


def set_switch_interval(interval: float, /) -> None:
    """Set the ideal thread switching delay inside the Python interpreter."""
    _native_set_switch_interval(interval)
    _wasgi.set_switch_interval(interval * 1000.0)


_native_set_switch_interval = sys.setswitchinterval
_main_ident: Final = _thread.get_ident()


def install() -> None:
    """Puts the handler in its place."""
    waiting.on_interrupt = handle_signals
    _set_signal(TICK, _tick)
    _signal.signal = _signal_signal
    _signal.raise_signal = signal.raise_signal = raise_signal
    _thread.interrupt_main = interrupt_main
    sys.setswitchinterval = set_switch_interval
