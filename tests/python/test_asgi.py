"""The callables that an ASGI app sees, over a host that records."""

import asyncio
import unittest

from recording import RecordingHost, run_on_loop

import _wasgi
from wasgi_runtime.asgi.cycle import Cycle, octets, octets_or_ascii, wake
from wasgi_runtime.bridge import buffer
from wasgi_runtime.event_loop import loop as event_loop


def setUpModule():
    # As in a process: Pyodide's own loop claims to be running for ever.
    event_loop.install()


def refused(text):
    """As Rust has a RuntimeError raised (``bridge.exceptions``)."""
    buffer.write_bytes([b"RuntimeError", text, b"str", text])
    return _wasgi.RAISE


class Host(RecordingHost):
    def __init__(self, incoming=(), blocked=0):
        super().__init__(incoming, blocked)
        self.end = None

    def receive(self, id):
        if not self.incoming:
            return _wasgi.PARK
        reply, body = self.incoming.pop(0)
        self.put(body)
        return reply

    def outcome(self):
        return refused(self.refuse) if self.refuse else _wasgi.DONE

    def send_start(self, id, status, length):
        self.sent.append((status, buffer.read_bytes()))
        return self.outcome()

    def send_start_failed(self, id, status):
        self.sent.append(("failed", status))
        return _wasgi.DONE

    def scope_changed(self, id, length):
        self.sent.append(("changed", buffer.read_bytes()))

    def send_body(self, id, length, follows, more):
        if self.blocked:
            self.blocked -= 1
            return _wasgi.BLOCKED
        self.sent.append((bytes(buffer.view[:length]), follows, more))
        return self.outcome()

    def send_other(self, id, length):
        self.sent.append(buffer.read_text(length))
        return refused(b"Expected ASGI message 'http.response.start'")

    def returned(self, id, length):
        self.end = None if length is None else buffer.read_text(length)

    def raised_asgi(self, id, length):
        self.end = buffer.read_text(length).splitlines()[-1]


SCOPE = {
    "type": "http",
    "client": ("127.0.0.1", 50000),
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "http_version": "1.1",
}


class Cycles(unittest.TestCase):
    def run_app(self, app, host=None, during=None, octets=octets):
        def begin(loop):
            cycle = Cycle(7, loop, octets)
            return cycle, cycle.run(app, dict(SCOPE))

        return run_on_loop(begin, host or Host(), during)

    def test_the_log_is_told_of_a_scope_that_the_app_has_changed(self):
        async def app(scope, receive, send):
            scope |= {"client": ("9.9.9.9", 0), "path": "/a b", "query_string": b"q=1"}
            scope["method"] = "HEAD"
            await send({"type": "http.response.start", "status": 200})

        changed = [b"9.9.9.9:0", b"HEAD /a%20b?q=1 HTTP/1.1", b"HEAD"]
        self.assertEqual(self.run_app(app).sent, [("changed", changed), (200, [])])

    def test_h11_takes_text_for_headers(self):
        async def app(scope, receive, send):
            headers = [("x-a", "1"), (bytearray(b"x-b"), b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})

        host = self.run_app(app, octets=octets_or_ascii)
        self.assertEqual(host.sent, [(200, [b"x-a", b"1", b"x-b", b"2"])])

    def test_a_response_goes_out_as_the_app_sends_it(self):
        async def app(scope, receive, send):
            await send(
                {
                    "type": "http.response.start",
                    "status": 201,
                    "headers": [(b"x-a", b"1"), [b"x-b", b"2"]],
                }
            )
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await send({"type": "http.response.body"})

        host = self.run_app(app)
        self.assertEqual(
            host.sent,
            [(201, [b"x-a", b"1", b"x-b", b"2"]), (b"one", 0, True), (b"", 0, False)],
        )
        self.assertIsNone(host.end)

    def test_headers_may_be_left_out(self):
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 204})

        self.assertEqual(self.run_app(app).sent, [(204, [])])

    def test_a_body_comes_part_by_part_and_then_the_disconnect(self):
        got = []

        async def app(scope, receive, send):
            for _ in range(3):
                got.append(await receive())

        self.run_app(
            app, Host([(_wasgi.DATA, b"a"), (_wasgi.LAST_DATA, b"b"), (_wasgi.DISCONNECT, b"")])
        )
        self.assertEqual(
            got,
            [
                {"type": "http.request", "body": b"a", "more_body": True},
                {"type": "http.request", "body": b"b", "more_body": False},
                {"type": "http.disconnect"},
            ],
        )

    def test_receiving_waits_until_something_comes(self):
        got = []
        host = Host()

        async def app(scope, receive, send):
            got.append((await receive())["body"])

        def during(cycle):
            if cycle.waiters:
                host.incoming = [(_wasgi.LAST_DATA, b"late")]
                cycle.receivable()

        self.run_app(app, host, during)
        self.assertEqual(got, [b"late"])

    def run_two(self, receives, incoming):
        """Two tasks that receive at once; what comes once both wait."""
        host = Host()
        got = []

        async def app(scope, receive, send):
            tasks = [asyncio.create_task(wait(receive, got)) for wait in receives]
            await asyncio.gather(*tasks)

        def during(cycle):
            if len(cycle.waiters) == 2 and not host.incoming:
                host.incoming = list(incoming)
                cycle.receivable()

        self.run_app(app, host, during)
        return got

    def test_a_disconnect_reaches_every_receive_that_waits(self):
        async def wait(receive, got):
            got.append(await receive())

        gone = (_wasgi.DISCONNECT, b"")
        self.assertEqual(
            self.run_two([wait, wait], [gone, gone]), [{"type": "http.disconnect"}] * 2
        )

    def test_of_two_that_wait_for_a_part_the_second_gets_an_empty_one(self):
        async def wait(receive, got):
            message = await receive()
            got.append((message["body"], message["more_body"]))

        self.assertEqual(
            self.run_two([wait, wait], [(_wasgi.DATA, b"part")]), [(b"part", True), (b"", True)]
        )

    def test_a_receive_that_is_given_up_leaves_the_other_waiting(self):
        got = []
        host = Host()

        async def app(scope, receive, send):
            watcher = asyncio.create_task(receive())
            await asyncio.sleep(0)
            poll = asyncio.create_task(receive())
            await asyncio.sleep(0)
            poll.cancel()
            await asyncio.wait([poll])
            got.append(watcher.done())
            host.incoming = [(_wasgi.DISCONNECT, b"")]
            cycles[0].receivable()
            got.append(await watcher)

        cycles = []

        def during(cycle):
            cycles[:] = [cycle]

        self.run_app(app, host, during)
        self.assertEqual(got, [False, {"type": "http.disconnect"}])

    def test_an_old_wake_gives_a_later_receive_nothing(self):
        got = []
        host = Host([(_wasgi.DATA, b"one")])

        async def app(scope, receive, send):
            got.append((await receive())["body"])
            got.append((await receive())["body"])

        turns = []

        def during(cycle):
            if cycle.waiters:
                if len(turns) == 3:
                    host.incoming = [(_wasgi.LAST_DATA, b"two")]
                turns.append(None)
                cycle.receivable()

        self.run_app(app, host, during)
        self.assertEqual(got, [b"one", b"two"])

    def test_sending_waits_until_the_connection_takes_it(self):
        order = []

        async def app(scope, receive, send):
            await send({"type": "http.response.body", "body": b"slow"})
            order.append("sent")

        def during(cycle):
            if cycle.writable:
                order.append("waits")
                wake(cycle.writable)

        host = self.run_app(app, Host(blocked=2), during)
        self.assertEqual(order, ["waits", "waits", "sent"])
        self.assertEqual(host.sent, [(b"slow", 0, False)])

    def test_a_large_body_goes_in_parts_that_fit_and_remains_one(self):
        data = b"x" * (2 * buffer.SIZE + 5)

        async def app(scope, receive, send):
            await send({"type": "http.response.body", "body": data})

        sent = self.run_app(app).sent
        self.assertEqual(
            [(len(part), follows) for part, follows, _ in sent],
            [(buffer.SIZE, buffer.SIZE + 5), (buffer.SIZE, 5), (5, 0)],
        )

    def test_what_rust_refuses_is_raised_in_the_app(self):
        caught = []

        async def app(scope, receive, send):
            try:
                await send({"type": "http.response.nonsense"})
            except RuntimeError as error:
                caught.append(str(error))

        self.run_app(app)
        self.assertEqual(caught, ["Expected ASGI message 'http.response.start'"])

    def test_headers_that_are_not_bytes_raise_in_the_app(self):
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": [("x-a", "1")]})

        host = self.run_app(app)
        self.assertEqual(host.sent, [("failed", 200)])
        self.assertTrue(host.end.startswith("TypeError: "), host.end)

    def test_an_exception_is_told_with_its_traceback(self):
        async def app(scope, receive, send):
            raise LookupError("of the app")

        self.assertEqual(self.run_app(app).end, "LookupError: of the app")

    def test_a_result_is_told(self):
        async def app(scope, receive, send):
            return "a response object"

        self.assertEqual(self.run_app(app).end, "a response object")


class Waking(unittest.TestCase):
    def test_nobody_and_somebody_who_is_awake_may_be_woken(self):
        loop = event_loop.EventLoop()
        future = loop.create_future()
        wake(None)
        wake(future)
        wake(future)
        self.assertTrue(future.done())
        loop.close()
