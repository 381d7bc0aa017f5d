"""What JavaScript and Rust are to Python: www/worker/calls.js, src/browser/process/.

Numbers have their names in Rust: ``Reply::ParkFor`` is ``PARK_FOR``. What comes with a reply is in
``bridge.buffer``: bytes or text at its beginning, and a number, ``number[0]``. A *length* argument
says how many bytes Python has put there. A *request* (``id``) is known by the number of its
connection, in a sync worker by that of its core. Times are milliseconds.
"""

from typing import Any, Final, Protocol

# Reply: what calls say.
DONE: Final[int]
PARK: Final[int]
"""Nothing yet: wait, and ask again."""
PARK_FOR: Final[int]
"""The same, for ``number[0]`` milliseconds at most."""
RAISE: Final[int]
"""Raise the exception that is in the buffer: ``bridge.exceptions.raised()``."""
RERAISE: Final[int]
"""Raise ``exc_info`` again."""
BROKEN: Final[int]
"""The client is gone."""
BLOCKED: Final[int]
"""Too much waits to be sent, and nothing was taken: send again after WRITABLE."""
UNFINISHED: Final[int]
"""The client is to take the block before the response can end."""
DATA: Final[int]
"""``number[0]`` bytes of the body, and there is more."""
LAST_DATA: Final[int]
"""``number[0]`` bytes of the body, the last."""
END: Final[int]
"""The body has ended."""
BODY_TIMED_OUT: Final[int]
"""The body does not come: the client has sent nothing for too long (uWSGI)."""
BODY_CUT_SHORT: Final[int]
"""The same: the client has ended the connection (uWSGI)."""
DISCONNECT: Final[int]
REQUEST: Final[int]
"""A request, ``number[0]``: its environ or scope is in the buffer."""
REQUEST_WITH_BODY: Final[int]
CONNECTION: Final[int]
"""A connection, ``number[0]``, for a thread of the pool."""
SOCKET: Final[int]
"""A WebSocket, ``number[0]``: its scope is in the buffer."""
LOST: Final[int]
"""The connection under the WebSocket ``number[0]`` is gone: ``socket_lost`` in the loop's next
round.
"""
CONNECT: Final[int]
TEXT: Final[int]
"""A message of ``number[0]`` bytes; ``socket_rest`` puts what did not fit."""
BYTES: Final[int]
DISCONNECTED: Final[int]
"""With the code ``number[0]``."""
DISCONNECTED_FOR: Final[int]
"""``number[0]`` bytes: the code, a space, the reason."""
EXIT: Final[int]
"""Leave."""
YIELD: Final[int]
"""Let other threads go first, and ask again."""
TURN: Final[int]
"""Let the worker's event loop turn, and ask again."""
RECEIVABLE: Final[int]
"""``receive()`` of the request ``number[0]`` may go on."""
WRITABLE: Final[int]
"""``send()`` of the request ``number[0]`` may go on."""
STOP: Final[int]
"""The server is to stop, because of the signal ``number[0]``."""
NOTHING: Final[int]
"""There is no event."""
ACCEPTING: Final[int]
NO_ADDRESS: Final[int]
"""The address could not be had."""

# SocketEvent: what an app sends on a WebSocket.
ACCEPT: Final[int]
"""A list of strings: the subprotocol, then names and values. The number is 0 where there is no
subprotocol.
"""
SEND_TEXT: Final[int]
SEND_BYTES: Final[int]
SEND_NOTHING: Final[int]
CLOSE: Final[int]
"""The number is the code, the text the reason."""
RESPONSE_START: Final[int]
"""The number is the status; a list of strings: names and values."""
RESPONSE_PART: Final[int]
RESPONSE_END: Final[int]
OTHER: Final[int]
HANDSHAKE: Final[int]
"""daphne: the bytes of the response that opens the connection."""
REFUSAL: Final[int]
"""daphne: the bytes of a response that refuses it."""
PING: Final[int]

# Cause: what an app raised.
ANY_EXCEPTION: Final[int]
STOP_ITERATION: Final[int]
REJECTED_BODY: Final[int]
NO_MORE_DATA: Final[int]
OS_ERROR: Final[int]
SYSTEM_EXIT: Final[int]
BASE_EXCEPTION: Final[int]

# Check: what the running thread should do.
GO_ON: Final[int]
HANDLE_SIGNAL: Final[int]
SWITCH_THREAD: Final[int]
TURN_LOOP: Final[int]

# Disposition: what Python does on a signal.
SIGNAL_DEFAULT: Final[int]
SIGNAL_IGNORED: Final[int]
SIGNAL_HANDLED: Final[int]

# Fork: which process the main thread finds itself in.
PARENT: Final[int]
CHILD: Final[int]

# HookAnswer: how a hook of gunicorn's went.
HOOK_SETTINGS: Final[int]
HOOK_DONE: Final[int]
HOOK_RAISED: Final[int]

# LogLevel
TRACE: Final[int]
DEBUG: Final[int]
INFO: Final[int]
WARNING: Final[int]
ERROR: Final[int]
CRITICAL: Final[int]

# Outcome: how a wait ended.
WOKEN: Final[int]
TIMED_OUT: Final[int]
HANDED_OVER: Final[int]
"""The lock that the thread waited for is its own now."""
INTERRUPTED: Final[int]
START: Final[int]
SUSPEND: Final[int]
"""It has not: suspend the stack on the gate."""

# Step: where the main thread has come to.
EXITS: Final[int]
FORKS: Final[int]
WAITS: Final[int]

# Keys: what threads wait for, by number.
CONNECTIONS: Final[int]
"""The worker's connections."""
OBJECTS: Final[int]
"""The first of locks and the like."""
CLIENTS: Final[int]
"""The client of the request 0, or a core; the others follow by their numbers."""

# WaitFor: what a thread waits for, for the trace.
SLEEP: Final[int]
LOCK: Final[int]
IO: Final[int]

# --- threads

class _Gate:
    """What stacks are suspended on: a JavaScript thenable."""

gate: _Gate
suspends: bool
"""Whether the browser can suspend stacks (JSPI)."""

def wait(
    what: int, key: int | None, timeout: float | None, again: bool, request: int | None, /
) -> int:
    """An outcome. Without a timeout the wait is for ever."""

def block(what: int, timeout: float, request: int | None, /) -> None: ...
def yield_now(to_messages: bool, request: int | None, /) -> int:
    """An outcome."""

def wake_one(key: int, /) -> bool:
    """Whether the lock is the woken thread's own now."""

def wake_all(key: int, /) -> None: ...
def interrupt_thread(number: int, /) -> None: ...
def spawn() -> int | None:
    """A new thread's number; None: there is no room for one."""

def thread_started(ident: int, /) -> None: ...
def main_started() -> None: ...
def thread_ending() -> None: ...
def check() -> int: ...
def look_again() -> None: ...
def set_switch_interval(interval: float, /) -> None: ...

# --- the process

class _Object(Protocol):
    def to_py(self) -> dict[str, Any]: ...

def configuration() -> _Object:
    """See ``process.configuration``."""

def exit(code: int, /) -> None:
    """Ends the process: with an exit code, or minus the number of a signal."""

def kill(pid: int, signal: int, /) -> None: ...
def set_disposition(signal: int, disposition: int, /) -> None: ...
def raise_signal(signal: int, /) -> None: ...
def next_signal() -> int | None: ...
def interrupted() -> int | None:
    """The code of the SystemExit to raise in the app, once."""

def next_hook() -> int | None:
    """The length of the next hook, which is in the buffer."""

def answer_hook(answer: int, length: int, /) -> None: ...
def log(level: int, length: int, /) -> None: ...
def log_request(core: int, length: int, /) -> None:
    """uWSGI's line about a request that a core is done with."""

def notify() -> None:
    """The heartbeat."""

def loaded() -> None:
    """A master's process has loaded the app, and forked."""

def accept() -> int:
    """ACCEPTING, NO_ADDRESS or PARK."""

cpu_count: int

class KeyDerivation(Protocol):
    """Derives one key after the other: see www/worker/key-derivation.js."""

    def pbkdf2(
        self, input: bytes | bytearray, name: int, password: int, iterations: int, length: int, /
    ) -> bool: ...
    def step(self, iterations: int, /) -> bool: ...
    def scrypt(
        self,
        input: bytes | bytearray,
        password: int,
        log_n: int,
        r: int,
        p: int,
        length: int,
        /,
    ) -> bool: ...
    def key(self) -> Any: ...

def key_derivation() -> KeyDerivation: ...

# --- requests of WSGI apps

def base_environ() -> None:
    """Puts what all requests share."""

def read_body(id: int, size: int, /) -> int:
    """DATA, END, PARK or RAISE; of uWSGI BODY_TIMED_OUT or BODY_CUT_SHORT."""

def receive_raw(id: int, /) -> int:
    """The same, of bytes that Python itself reads as HTTP."""

def send_raw(id: int, length: int, /) -> int:
    """As ``write``, of bytes that are HTTP already."""

def begin_raw(id: int, /) -> None: ...
def end_raw(id: int, /) -> None: ...
def start_response(id: int, length: int, exc_info: bool, /) -> int:
    """DONE, RERAISE or RAISE."""

def write(id: int, length: int, /) -> int:
    """DONE, PARK, BROKEN or RAISE."""

def write_part(id: int, length: int, /) -> int:
    """The same, of what another call follows at once."""

def write_last(id: int, length: int, /) -> int:
    """``write`` and ``finish``; or UNFINISHED."""

def early_hints(id: int, length: int, /) -> int:
    """DONE, or END where the client gets none; without bytes it only asks."""

def begin_file(id: int, left: int, /) -> int:
    """DATA: ``number[0]`` bytes of the file are to be sent with ``send_raw``; END: none; RAISE."""

def end_file(id: int, /) -> None: ...
def set_changed(id: int, length: int, /) -> None:
    """What the app has changed of its environ, as far as the access log shows it."""

def before_close(id: int, /) -> None:
    """An exception ends the app's result, whose ``close()`` is about to be called."""

def flushed(id: int, /) -> int:
    """As ``write``, about what was written before."""

def finish(id: int, /) -> int:
    """As ``write``, for the end of the response."""

def finish_part(id: int, /) -> int:
    """The same, of what another call follows at once."""

def raised_wsgi(id: int, length: int, cause: int, errno: int | None, iterating: bool, /) -> bool:
    """Whether the exception ends the worker."""

# --- sync workers

def next_request(core: int, /) -> int:
    """REQUEST, REQUEST_WITH_BODY, PARK or EXIT."""

def next_request_or_yield() -> int:
    """The same for the only thread that takes requests; or YIELD, or TURN."""

def exit_code() -> int: ...

# --- threaded workers

def next_connection() -> int:
    """CONNECTION, PARK or EXIT."""

def connection_request(id: int, /) -> int:
    """REQUEST, REQUEST_WITH_BODY, DONE; PARK or PARK_FOR: wait for the connection's key."""

def end_request(id: int, /) -> bool:
    """Whether to wait for the connection's key, and ask again."""

def release_connection(id: int, /) -> bool:
    """Whether to park, and ask again."""

def stop() -> None: ...
def early_signal() -> int | None:
    """A signal that came before Python had handlers, once."""

# --- asyncio workers

def set_polling(polling: bool, /) -> None: ...
def next_event() -> int:
    """REQUEST, RECEIVABLE, WRITABLE, STOP; NOTHING or TURN."""

def receive(id: int, /) -> int:
    """DATA, LAST_DATA, DISCONNECT; PARK: until RECEIVABLE."""

def send_start(id: int, status: int, length: int, /) -> int:
    """DONE or RAISE."""

def scope_changed(id: int, length: int, /) -> None:
    """The app has changed its scope: client, request line and method are put."""

def send_start_failed(id: int, status: int | None, /) -> int:
    """DONE: raise what Python has. BROKEN: raise nothing. RAISE: this comes first."""

def send_body(id: int, length: int, rest: int, more: bool, /) -> int:
    """DONE, BLOCKED or RAISE. ``rest`` bytes of the same body follow."""

def send_other(id: int, length: int, /) -> int:
    """DONE or RAISE."""

def returned(id: int, length: int | None, /) -> None: ...
def raised_asgi(id: int, length: int, /) -> None: ...
def socket_receive(id: int, /) -> int:
    """CONNECT, TEXT, BYTES, DISCONNECTED, DISCONNECTED_FOR; PARK: until RECEIVABLE."""

def socket_rest() -> None:
    """Puts the next ``number[0]`` bytes of a message that did not fit."""

def socket_send(id: int, event: int, number: int, length: int, rest: int, /) -> int:
    """DONE, BLOCKED or RAISE. ``rest`` bytes of the same event follow."""

def socket_lost(id: int, /) -> None: ...
def socket_returned(id: int, length: int | None, /) -> None: ...
def socket_raised(id: int, length: int | None, /) -> None:
    """None: by the exception that says that the client is gone."""

def close_listeners() -> None: ...
def connections() -> int: ...
def total() -> int:
    """Responses completed."""
