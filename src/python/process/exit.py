"""How a process ends."""

import sys


class EndedBySignal(BaseException):
    """The process is to end by this signal, as with its default action."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(error: SystemExit) -> int:
    """What the interpreter makes of SystemExit."""
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    print(error.code, file=sys.stderr)
    return 1
