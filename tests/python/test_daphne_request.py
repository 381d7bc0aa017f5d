"""A request to daphne, whose forms Twisted reads first, over a host that records."""

import unittest
from types import SimpleNamespace

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.event_loop import loop as event_loop
from wasgi_runtime.servers.daphne.request import Request

FORM = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


def setUpModule():
    event_loop.install()


class Host:
    """A connection: a body that comes whole, and what is sent."""

    def __init__(self, body):
        self.body = body
        self.sent = b""
        self.ends = []

    def set_polling(self, on):
        pass

    def wake(self):
        pass

    def receive(self, id):
        if self.body is None:
            return _wasgi.PARK
        buffer.view[: len(self.body)] = self.body
        buffer.number[0] = len(self.body)
        self.body = None
        return _wasgi.LAST_DATA

    def send_body(self, id, length, keeps, more):
        self.sent += bytes(buffer.view[:length])
        self.ends.append((keeps, more))
        return _wasgi.DONE


class Forms(unittest.TestCase):
    def answer(self, method, kind, body):
        """What is sent, and whether the app was called."""
        called = []

        async def app(scope, receive, send):
            called.append((await receive())["body"])
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        host = self.host = _wasgi.host = Host(body)
        options = SimpleNamespace(root_path="", server_name=None)
        server = SimpleNamespace(
            app=app,
            options=options,
            logs_requests=False,
            origin=lambda _, client: (client, "http"),
            forget=lambda _: None,
        )
        strings = [b"1.1", method, b"", b"", b"/", b"", b"", b"1.2.3.4", b"5", b"a", b"80"]
        buffer.write_bytes([*strings, b"content-type", kind])

        async def run():
            request = Request(7, server)
            request.readable()
            if request.task is not None:
                await request.task

        loop = event_loop.EventLoop()
        loop.run_until_complete(run())
        loop.close()
        return host.sent, called

    def test_a_form_that_cannot_be_read_never_reaches_the_app(self):
        for kind, body in (
            (b"multipart/form-data; boundary=x", b"hello"),
            (b"multipart/form-data", FORM),
            (b"Multipart/Form-Data; boundary=y", FORM),
        ):
            sent, called = self.answer(b"POST", kind, body)
            self.assertEqual((sent, called), (b"HTTP/1.1 400 Bad Request\r\n\r\n", []), kind)
            self.assertEqual(self.host.ends, [(False, False)])

    def test_other_bodies_reach_the_app_as_they_are(self):
        for method, kind, body in (
            (b"POST", b"multipart/form-data; boundary=x", FORM),
            (b"POST", b"multipart/form-data", b""),
            (b"PUT", b"multipart/form-data", b"hello"),
            (b"POST", b"multipart/mixed", b"hello"),
            (b"POST", b"", b"hello"),
        ):
            sent, called = self.answer(method, kind, body)
            self.assertEqual((sent[:12], called), (b"HTTP/1.1 204", [body]), kind)
