"""The callables that an ASGI app sees of a WebSocket, over a host that records."""

import asyncio
import unittest

from recording import RecordingHost, run_on_loop

import _wasgi
from wasgi_runtime.asgi.websocket import Socket, read_scope
from wasgi_runtime.bridge import buffer
from wasgi_runtime.bridge.exceptions import ClientDisconnected
from wasgi_runtime.event_loop import loop as event_loop


def setUpModule():
    # As in a process: Pyodide's own loop claims to be running for ever.
    event_loop.install()


class Host(RecordingHost):
    def __init__(self, incoming=(), blocked=0):
        super().__init__(incoming, blocked)
        self.rest = b""
        self.end = []

    def socket_receive(self, id):
        if not self.incoming:
            return _wasgi.PARK
        reply, data = self.incoming.pop(0)
        if isinstance(data, int):
            buffer.number[0] = data
        elif isinstance(data, list):
            buffer.write_bytes(data)
        else:
            self.rest = self.put(data)
            buffer.number[0] = len(data)
        return reply

    def socket_rest(self):
        self.rest = self.put(self.rest)

    def socket_send(self, id, event, number, length, rest):
        if self.blocked and not rest:
            self.blocked -= 1
            return _wasgi.BLOCKED
        self.sent.append((event, number, bytes(buffer.view[:length]), rest))
        if self.refuse:
            buffer.write_bytes(self.refuse)
            return _wasgi.RAISE
        return _wasgi.DONE

    def socket_returned(self, id, length):
        self.end.append(None if length is None else buffer.read_text(length))

    def socket_raised(self, id, length):
        self.end.append("left" if length is None else buffer.read_text(length).splitlines()[-1])


class Sockets(unittest.TestCase):
    def run_app(self, app, host=None, during=None):
        def begin(loop):
            socket = Socket(7, loop)
            return socket, socket.run(app, {"type": "websocket"})

        return run_on_loop(begin, host or Host(), during)

    def test_messages_come_as_events(self):
        events = []

        async def app(scope, receive, send):
            for _ in range(5):
                events.append(await receive())

        self.run_app(
            app,
            Host(
                [
                    (_wasgi.CONNECT, 0),
                    (_wasgi.TEXT, "hé".encode()),
                    (_wasgi.BYTES, b"\0\xff"),
                    (_wasgi.DISCONNECTED, 1005),
                    (_wasgi.DISCONNECTED_FOR, [b"1001", b"going away"]),
                ]
            ),
        )
        self.assertEqual(
            events,
            [
                {"type": "websocket.connect"},
                {"type": "websocket.receive", "text": "hé"},
                {"type": "websocket.receive", "bytes": b"\0\xff"},
                {"type": "websocket.disconnect", "code": 1005},
                {"type": "websocket.disconnect", "code": 1001, "reason": "going away"},
            ],
        )

    def test_a_message_larger_than_the_buffer_comes_and_goes_in_parts(self):
        large = bytes(range(256)) * 10_000

        async def app(scope, receive, send):
            message = await receive()
            self.assertEqual(message["bytes"], large)
            await send({"type": "websocket.send", "bytes": large})

        host = self.run_app(app, Host([(_wasgi.BYTES, large)]))
        self.assertEqual(b"".join(part for _, _, part, _ in host.sent), large)
        self.assertEqual(
            [rest for *_, rest in host.sent], [len(large) - buffer.SIZE * n for n in (1, 2)] + [0]
        )

    def test_who_asks_first_receives_first(self):
        got = []

        async def app(scope, receive, send):
            async def one(name):
                message = await receive()
                got.append((name, message["text"]))

            await asyncio.gather(one("first"), one("second"))

        host = Host()

        def during(socket):
            if len(host.incoming) == 0 and len(got) < 2:
                host.incoming.append((_wasgi.TEXT, b"%d" % len(got)))
                socket.receivable()

        self.run_app(app, host, during)
        self.assertEqual(got, [("first", "0"), ("second", "1")])

    def test_events_cross_with_what_they_say(self):
        async def app(scope, receive, send):
            await send(
                {"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"X", b"\xe9")]}
            )
            await send({"type": "websocket.send", "text": "hé", "bytes": None})
            await send({"type": "websocket.send"})
            await send({"type": "websocket.close", "code": 3000, "reason": None})
            await send({"type": "other"})

        host = self.run_app(app)
        accept, *others = host.sent
        self.assertEqual(accept[0], _wasgi.ACCEPT)
        self.assertEqual(accept[2][4:].split(b"\0"), [b"chat", b"X", b"\xe9"])
        self.assertEqual(
            [(event, number, data) for event, number, data, _ in others],
            [
                (_wasgi.SEND_TEXT, 0, "hé".encode()),
                (_wasgi.SEND_NOTHING, 0, b""),
                (_wasgi.CLOSE, 3000, b""),
                (_wasgi.OTHER, 0, b"other"),
            ],
        )
        self.assertEqual(host.end, [None])

    def test_a_send_that_is_blocked_is_made_again(self):
        async def app(scope, receive, send):
            await send({"type": "websocket.send", "text": "x"})

        host = self.run_app(app, Host(blocked=2), lambda socket: socket.writable())
        self.assertEqual([data for _, _, data, _ in host.sent], [b"x"])

    def test_a_client_that_is_gone_is_no_error_of_the_app(self):
        host = Host()
        host.refuse = [b"uvicorn.protocols.utils.ClientDisconnected", b""]

        async def app(scope, receive, send):
            with self.assertRaises(OSError):
                await send({"type": "websocket.send", "text": "x"})
            await send({"type": "websocket.send", "text": "x"})

        self.assertEqual(self.run_app(app, host).end, ["left"])

    def test_what_the_host_refuses_is_raised_by_its_class(self):
        host = Host()
        raised = []

        async def app(scope, receive, send):
            for path, text in (
                (b"RuntimeError", b"no"),
                (b"websockets.exceptions.ProtocolError", b"invalid status code"),
            ):
                host.refuse = [path, text, b"str", text]
                try:
                    await send({"type": "websocket.close"})
                except Exception as error:
                    raised.append((type(error).__qualname__, str(error)))
            raise ValueError("boom")

        self.run_app(app, host)
        self.assertEqual(raised, [("RuntimeError", "no"), ("ProtocolError", "invalid status code")])
        self.assertEqual(host.end, ["ValueError: boom"])
        self.assertEqual(ClientDisconnected.__module__, "uvicorn.protocols.utils")

    def test_the_scope_has_uvicorns_keys_in_uvicorns_order(self):
        strings = [b"ws", b"/\xc3\xa9", b"/%C3%A9", b"x=1", b""]
        strings += [b"10.0.0.1", b"0", b"127.0.0.1", b"8000", b"2", b"a", b"b", b"host", b"h"]
        buffer.write_bytes(strings)
        scope = read_scope({"kept": 1})
        self.assertEqual(
            list(scope),
            [
                "type",
                "asgi",
                "http_version",
                "scheme",
                "server",
                "client",
                "root_path",
                "path",
                "raw_path",
                "query_string",
                "headers",
                "subprotocols",
                "state",
                "extensions",
            ],
        )
        self.assertEqual((scope["path"], scope["client"]), ("/é", ("10.0.0.1", 0)))
        self.assertEqual(scope["subprotocols"], ["a", "b"])
        self.assertEqual(scope["headers"], [(b"host", b"h")])
