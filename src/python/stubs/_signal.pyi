"""The C half of ``signal`` as far as this package uses it: it takes and gives plain numbers."""

from collections.abc import Callable
from types import FrameType

type Handler = Callable[[int, FrameType | None], object] | int | None

NSIG: int
SIGINT: int
SIG_IGN: int

def getsignal(signalnum: int, /) -> Handler: ...
def raise_signal(signalnum: int, /) -> None: ...
def signal(signalnum: int, handler: Handler, /) -> Handler: ...
def valid_signals() -> set[int]: ...
