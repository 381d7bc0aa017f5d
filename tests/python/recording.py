"""What tests of ASGI's callables share: a connection that records, and a loop that runs an app."""

import asyncio

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.event_loop import loop as event_loop


class RecordingHost:
    """A connection: ``incoming`` comes, and ``sent`` is what the app has sent.

    It blocks as many times as ``blocked`` says before it takes something.
    """

    def __init__(self, incoming=(), blocked=0):
        self.incoming = list(incoming)
        self.blocked = blocked
        self.refuse = None
        self.sent = []

    def set_polling(self, on):
        pass

    def wake(self):
        pass

    def put(self, data):
        """Puts as many bytes into the buffer as fit, and their number; returns the rest."""
        part = data[: buffer.SIZE]
        buffer.view[: len(part)] = part
        buffer.number[0] = len(part)
        return data[buffer.SIZE :]


def run_on_loop(begin, host, during=None):
    """Runs the coroutine of ``begin(loop)``, which gives it with its connection, to its end.

    ``during`` is called with the connection in each round of the loop.
    """
    _wasgi.host = host
    loop = event_loop.EventLoop()

    async def run():
        connection, answering = begin(loop)
        task = loop.create_task(answering)
        while during and not task.done():
            await asyncio.sleep(0)
            during(connection)
        await task

    loop.run_until_complete(run())
    loop.close()
    return host
