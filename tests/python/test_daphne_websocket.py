"""A WebSocket of daphne: autobahn's handshake, daphne's events, over a host that records."""

import asyncio
import contextlib
import io
import unittest
from types import SimpleNamespace

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.event_loop import loop as event_loop
from wasgi_runtime.servers.daphne.handshake import Denied, answer, read
from wasgi_runtime.servers.daphne.websocket import WebSocket

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = {
    b"host": [b"a"],
    b"upgrade": [b"websocket"],
    b"connection": [b"Upgrade"],
    b"sec-websocket-key": [KEY],
    b"sec-websocket-version": [b"13"],
}


def setUpModule():
    event_loop.install()


class Handshakes(unittest.TestCase):
    def reason(self, method=b"GET", target=b"/ws", **fields):
        """Why a handshake with these fields, or without where they are None, is denied."""
        given = {name.encode().replace(b"_", b"-"): value for name, value in fields.items()}
        merged = {name: value for name, value in (FIELDS | given).items() if value is not None}
        with self.assertRaises(Denied) as caught:
            answer(read(method, target, merged), None, None)
        return caught.exception.response().decode().splitlines()[0].removeprefix("HTTP/1.1 ")

    def test_a_handshake_is_answered(self):
        handshake = read(b"GET", b"/a%20b?x=1", FIELDS | {b"sec-websocket-protocol": [b"a, b"]})
        self.assertEqual((handshake.path, handshake.protocols), ("/a%20b", ["a", "b"]))
        self.assertEqual(
            answer(handshake, "b", "daphne").split(b"\r\n"),
            [
                b"HTTP/1.1 101 Switching Protocols",
                b"Server: daphne",
                b"Upgrade: WebSocket",
                b"Connection: Upgrade",
                b"Sec-WebSocket-Protocol: b",
                b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                b"",
                b"",
            ],
        )

    def test_what_is_wrong_is_said_in_autobahns_words(self):
        self.assertEqual(self.reason(b"POST"), '405 HTTP method "POST" not allowed')
        self.assertEqual(self.reason(connection=None), "400 HTTP Connection header missing")
        self.assertEqual(
            self.reason(sec_websocket_key=[b"short"]),
            '400 bad Sec-WebSocket-Key (length must be 24 ASCII chars) "short"',
        )
        self.assertEqual(
            self.reason(sec_websocket_version=[b"7"]),
            "400 WebSocket version 7 not supported (supported versions: 13,8)",
        )
        self.assertEqual(
            self.reason(sec_websocket_extensions=[b"permessage-deflate; client_max_window_bits=8"]),
            "400 illegal extension parameter value '8' for parameter 'client_max_window_bits' of"
            " extension 'permessage-deflate'",
        )


class Host:
    """A connection: what is sent, and what comes."""

    def __init__(self):
        self.incoming = []
        self.sent = []

    def set_polling(self, on):
        pass

    def wake(self):
        pass

    def socket_receive(self, id):
        if not self.incoming:
            return _wasgi.PARK
        reply, data = self.incoming.pop(0)
        if isinstance(data, int):
            buffer.number[0] = data
        else:
            buffer.view[: len(data)] = data
            buffer.number[0] = len(data)
        return reply

    def socket_send(self, id, event, number, length, rest):
        self.sent.append((event, number, bytes(buffer.view[:length])))
        return _wasgi.DONE

    def socket_returned(self, id, length):
        self.sent.append("returned")

    def socket_lost(self, id):
        self.incoming.append((_wasgi.DISCONNECTED, 1006))


class WebSockets(unittest.TestCase):
    def run_app(self, app, incoming, loses=False):
        """Runs an app to its end, over a connection on which this comes; what was printed."""
        host = self.host = _wasgi.host = Host()
        loop = event_loop.EventLoop()
        options = SimpleNamespace(root_path="", server_name="daphne", ping_interval=20)
        server = SimpleNamespace(
            app=app, options=options, logs_requests=True, origin=lambda _, client: (client, "http")
        )
        strings = [b"1.1", b"GET", b"", b"", b"/ws", b"", b"", b"1.2.3.4", b"5", b"a", b"80"]
        for name, values in FIELDS.items():
            strings += (name, *values)
        buffer.write_bytes(strings)
        printed = io.StringIO()

        async def run():
            socket = WebSocket(7, server)
            with contextlib.redirect_stdout(printed):
                socket.begin()
                await asyncio.sleep(0)
                host.incoming += incoming
                socket.receivable()
                await asyncio.wait([socket.task])
                if loses:
                    socket.task.exception()
                    socket.lost()
                    await asyncio.sleep(0)
            return socket

        self.socket = loop.run_until_complete(run())
        loop.close()
        return [line.split('"')[1] for line in printed.getvalue().splitlines()]

    def test_messages_are_queued_for_the_app(self):
        got = []

        async def app(scope, receive, send):
            got.append((scope["path"], scope["client"], (await receive())["type"]))
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                got.append(message.get("text", message.get("bytes")))
                await send({"type": "websocket.send", "text": "an answer"})
            got.append(message["code"])

        lines = self.run_app(
            app, [(_wasgi.TEXT, b"one"), (_wasgi.BYTES, b"\0"), (_wasgi.DISCONNECTED, 1005)]
        )
        self.assertEqual(got, [("/ws", ["1.2.3.4", 5], "websocket.connect"), "one", b"\0", None])
        self.assertEqual(lines, ["WSCONNECTING /ws", "WSCONNECT /ws", "WSDISCONNECT /ws"])
        # The client was gone before the app looked.
        self.assertEqual([event for event, *_ in self.host.sent[:-1]], [_wasgi.HANDSHAKE])

    def test_a_connection_that_outlives_its_app_is_logged_to_its_end(self):
        async def app(scope, receive, send):
            raise ValueError("before anything was said")

        lines = self.run_app(app, [], loses=True)
        self.assertEqual(lines, ["WSCONNECTING /ws", "WSDISCONNECT /ws"])
        self.assertEqual(self.host.sent, ["returned", "returned"])

    def test_a_rejection_is_403(self):
        async def app(scope, receive, send):
            await send({"type": "websocket.close"})

        lines = self.run_app(app, [])
        self.assertEqual(lines, ["WSCONNECTING /ws", "WSREJECT /ws"])
        self.assertEqual(
            self.host.sent[0], (_wasgi.REFUSAL, 0, b"HTTP/1.1 403 Access denied\r\n\r\n")
        )

    def test_only_some_codes_close(self):
        caught = []

        async def app(scope, receive, send):
            await send({"type": "websocket.accept"})
            for code in (1001, "x", 3000):
                try:
                    await send({"type": "websocket.close", "code": code})
                except Exception as error:
                    caught.append(str(error))

        self.run_app(app, [])
        self.assertEqual(
            caught,
            [
                "invalid close code 1001 (must be 1000 or from [3000, 4999])",
                "invalid type '<class 'str'>' for close code (must be an integer)",
            ],
        )
        self.assertEqual(self.host.sent[1][:2], (_wasgi.CLOSE, 3000))
