"""asyncio's event loop on ours: ``select()`` parks the calling thread in Rust."""

import asyncio
import errno
import inspect
import signal
import threading
from asyncio import base_events, events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING

import _wasgi
from _wasgi import IO, NOTHING, TURN

from ..bridge.buffer import number
from ..bridge.through_c import through_c
from ..threads.waiting import CONNECTIONS, new_key, wait, yield_now

type Decode = Callable[[int, int], Callable[[], object]]
"""Makes a callback of an event, by its kind and number (see ``Reply`` in
``src/browser/process/reply.rs``), reading what came with it from the shared buffer.
"""


class Selector:
    """Where the loop waits: for its next timer, or for an event of the worker's connections."""

    def __init__(self) -> None:
        self.decode: Decode | None = None
        self._key: int | None = None
        self._waiting = False
        self._woken = False

    def select(self, timeout: float | None = None) -> list[Callable[[], object]]:
        """The events that are there, after waiting at most ``timeout`` seconds (None: for ever) for
        the first.
        """
        ready: list[Callable[[], object]] = []
        if self._drain(ready) == TURN:
            yield_now(to_messages=True)
            self._drain(ready)
        if not ready and not self._woken and timeout != 0:
            serving = self.decode is not None
            if serving:
                _wasgi.set_polling(True)
            self._waiting = True
            try:
                wait(IO, CONNECTIONS if serving else self._own_key(), timeout)
            finally:
                self._waiting = False
                if serving:
                    _wasgi.set_polling(False)
            self._drain(ready)
        self._woken = False
        return ready

    def _own_key(self) -> int:
        if self._key is None:
            self._key = new_key()
        return self._key

    def _drain(self, ready: list[Callable[[], object]]) -> int:
        if self.decode is None:
            return NOTHING
        while (event := _wasgi.next_event()) != NOTHING and event != TURN:
            ready.append(self.decode(event, number[0]))
        return event

    def wake(self) -> None:
        """Ends the present or the next wait. Any thread may."""
        self._woken = True
        if self._waiting:
            _wasgi.wake_all(self._own_key() if self.decode is None else CONNECTIONS)

    def close(self) -> None:
        """Nothing is held."""


if TYPE_CHECKING:

    class _BaseEventLoop(base_events.BaseEventLoop):
        """asyncio's, with what is private in CPython 3.14, which the stubs leave out."""

        _closed: bool
        _debug: bool
        _ready: deque[events.Handle]
        _scheduled: list[events.TimerHandle]
        _stopping: bool

        def _check_closed(self) -> None: ...
        def _run_forever_cleanup(self) -> None: ...
        def _run_forever_setup(self) -> None: ...
        def _run_once(self) -> None: ...

else:
    _BaseEventLoop = base_events.BaseEventLoop


class EventLoop(_BaseEventLoop):
    """The loop of a thread."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = Selector()
        self._signal_handlers: dict[int, events.Handle] = {}

    def run_forever(self) -> None:
        """The same as asyncio's, but each turn is a call through C (see ``bridge.through_c``)."""
        self._run_forever_setup()
        run_once = through_c(self._run_once)
        try:
            while True:
                run_once()
                if self._stopping:
                    break
        finally:
            self._run_forever_cleanup()

    def _run_once(self) -> None:
        """The same as asyncio's, by a shorter way where no timer is set and callbacks wait."""
        ready = self._ready
        if not ready or self._scheduled or self._debug:
            super()._run_once()
            return
        selector = self._selector
        if selector.decode is None:
            selector._woken = False
        else:
            self._process_events(selector.select(0))
        handle: events.Handle | None
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
        # It would hold on to what an exception refers to.
        handle = None

    def call_soon[*Ts](
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> events.Handle:
        """As asyncio's, which makes two calls more to find that neither a closed loop nor debug
        mode is in the way.
        """
        if self._closed or self._debug:
            handle = super().call_soon(callback, *args, context=context)
            if trace := handle._source_traceback:  # type: ignore[attr-defined]  # private
                # Whoever debugs is to see who called, not this.
                del trace[-1]
            return handle
        handle = events.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def _process_events(self, event_list: list[Callable[[], object]]) -> None:
        for callback in event_list:
            callback()

    def _write_to_self(self) -> None:
        self._selector.wake()

    def serve_events(self, decode: Decode) -> None:
        """This loop takes the events of the worker's connections."""
        self._selector.decode = decode

    def add_signal_handler[*Ts](
        self, sig: int, callback: Callable[[*Ts], object], *args: *Ts
    ) -> None:
        """As on Unix: the callback runs in this loop, not where the signal interrupts."""
        if asyncio.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)
        self._check_closed()
        handle = events.Handle(callback, args, self, None)

        def arrived(_number: int, _frame: object) -> None:
            if not handle.cancelled():
                self._add_callback_signalsafe(handle)

        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("signal handlers can only be added in the main thread")
        try:
            signal.signal(sig, arrived)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise RuntimeError(f"sig {sig} cannot be caught") from None
            raise
        self._signal_handlers[sig] = handle

    def remove_signal_handler(self, sig: int) -> bool:
        """Returns whether there was one."""
        self._check_signal(sig)
        if self._signal_handlers.pop(sig, None) is None:
            return False
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        return True

    @staticmethod
    def _check_signal(sig: int) -> None:
        if not isinstance(sig, int):
            raise TypeError(f"sig must be an int, not {sig!r}")
        if sig not in signal.valid_signals():
            raise ValueError(f"invalid signal number {sig}")

    def _add_callback_signalsafe(self, handle: events.Handle) -> None:
        self._ready.append(handle)
        self._write_to_self()

    def close(self) -> None:
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if not self.is_closed():
            super().close()
            for sig in list(self._signal_handlers):
                self.remove_signal_handler(sig)
            self._selector.close()


def install() -> None:
    """Makes it asyncio's own loop, in the place of Pyodide's."""

    class Policy(events._BaseDefaultEventLoopPolicy):
        _loop_factory = EventLoop

    # Pyodide's loop claims to be running for ever.
    events._set_running_loop(None)
    events._set_event_loop_policy(Policy())
    vars(asyncio)["EventLoop"] = EventLoop
    asyncio.run = asyncio.runners.run
