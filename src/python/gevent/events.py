"""gevent's ``Event`` and ``AsyncResult`` on the green threads of a worker."""

from typing import Any

from .greenlet import Waitable
from .timeout import Timeout


class Event(Waitable):
    """A flag that threads wait for."""

    __module__ = "gevent.event"

    def __init__(self) -> None:
        super().__init__()
        self._set = False
        self._times = 0

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._set

    isSet = ready = is_set

    def set(self) -> None:
        """Sets the flag and wakes all threads that wait for it."""
        self._set = True
        self._times += 1
        self._notify()

    def clear(self) -> None:
        """Resets the flag: threads that wait from now on wait until it is set again."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the flag is set, for so many seconds at most. Returns whether it was."""
        times = self._times
        return self._await(timeout, lambda: self._set or self._times != times)


class AsyncResult(Waitable):
    """A value that others wait for. It can be linked to a Greenlet."""

    __module__ = "gevent.event"

    def __init__(self) -> None:
        super().__init__()
        self._over = False
        self._value: Any = None
        self._exc_info: tuple[Any, Any, Any] | None = None

    def ready(self) -> bool:
        """Whether there is a value or an exception."""
        return self._over

    done = ready

    def successful(self) -> bool:
        """Whether there is a value."""
        return self._over and self._exc_info is None

    @property
    def value(self) -> Any:
        """The value; None while there is none."""
        return self._value

    @property
    def exc_info(self) -> tuple[Any, Any, Any] | tuple[()]:
        """The exception's type, the exception and its traceback; empty while there is none."""
        return self._exc_info or ()

    @property
    def exception(self) -> BaseException | None:
        """The exception; None while there is none."""
        return None if self._exc_info is None else self._exc_info[1]

    def set(self, value: Any = None) -> None:
        """Sets the value and wakes all threads that wait for it."""
        self._value, self._exc_info, self._over = value, None, True
        self._notify()

    set_result = set

    def set_exception(self, exception: BaseException, exc_info: Any = None) -> None:
        """Sets an exception and wakes all threads that wait, which raise it."""
        self._exc_info = exc_info or (type(exception), exception, None)
        self._over = True
        self._notify()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Waits for the value and returns it, or raises the exception. Raises Timeout where neither
        has come in time.
        """
        if not self._over and (not block or not self._await(timeout)):
            raise Timeout(timeout if block else None)
        if self._exc_info is not None:
            raise self._exc_info[1]
        return self._value

    def result(self, timeout: float | None = None) -> Any:
        """As ``get``."""
        return self.get(timeout=timeout)

    def get_nowait(self) -> Any:
        """As ``get``, without waiting."""
        return self.get(block=False)

    def wait(self, timeout: float | None = None) -> Any:
        """Waits for the value or the exception; returns the value, or None."""
        self._await(timeout)
        return self._value

    def cancel(self) -> bool:
        """Does nothing, as gevent's."""
        return False

    cancelled = cancel

    def __call__(self, source: Any) -> None:
        if source.successful():
            self.set(source.value)
        else:
            self.set_exception(source.exception, getattr(source, "exc_info", None))
