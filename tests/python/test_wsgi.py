"""The callables that a WSGI app sees (PEP 3333), over a host that records."""

import io
import socket
import tempfile
import unittest
from types import SimpleNamespace
from typing import ClassVar
from unittest import mock

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.wsgi import access
from wasgi_runtime.wsgi import cycle as wsgi
from wasgi_runtime.wsgi import gunicorn_objects as objects

KEY = 77
CYCLE = wsgi.Cycle(5, KEY)


def reply(said):
    """Replies as Rust does: what is a list is an exception to be raised (``bridge.exceptions``)."""
    if isinstance(said, list):
        buffer.write_bytes(said)
        return _wasgi.RAISE
    return said


class Host:
    """A connection: what is written to it, and what it has of the body."""

    def __init__(self, body=(), start=_wasgi.DONE, write=_wasgi.DONE):
        self.body = list(body)
        self.start = start
        self.result = write
        self.started = []
        self.blocks = []
        self.finished = 0
        self.raised = []
        self.flushes = []
        self.changed = []
        self.events = []

    def set_changed(self, id, length):
        texts = [text.decode() for text in buffer.read_bytes()]
        self.changed.append(dict(zip(texts[::2], texts[1::2])))

    def before_close(self, id):
        self.events.append("access")

    def begin_file(self, id, left):
        self.events.append(f"file of {left}")
        buffer.number[0] = left
        return _wasgi.DATA

    def send_raw(self, id, length):
        self.events.append(bytes(buffer.view[:length]))
        return _wasgi.DONE

    def end_file(self, id):
        self.events.append("file ends")

    def early_hints(self, id, length):
        self.events.append(bytes(buffer.view[:length]))
        return _wasgi.DONE

    def start_response(self, id, length, exc_info):
        self.started.append((buffer.read_bytes(), exc_info))
        return reply(self.start)

    def write(self, id, length):
        self.blocks.append(bytes(buffer.view[:length]))
        return reply(self.result)

    write_part = write

    def flushed(self, id):
        return self.flushes.pop(0)

    def finish(self, id):
        self.finished += 1
        return _wasgi.DONE

    finish_part = finish

    def write_last(self, id, length):
        said = self.write(id, length)
        if said == _wasgi.DONE:
            return self.finish(id)
        return _wasgi.UNFINISHED if said == _wasgi.PARK else said

    def raised_wsgi(self, id, length, cause, errno, iterating):
        self.raised.append((buffer.read_text(length).splitlines()[-1], cause, errno, iterating))

    def read_body(self, id, size):
        if not self.body:
            return _wasgi.END
        part = self.body.pop(0)
        if part is None:
            return _wasgi.PARK
        if isinstance(part, list):
            return reply(part)
        part, rest = part[:size], part[size:]
        if rest:
            self.body.insert(0, rest)
        buffer.view[: len(part)] = part
        buffer.number[0] = len(part)
        return _wasgi.DATA


class Wsgi(unittest.TestCase):
    def setUp(self):
        self.parks = 0

    def respond(self, app, host=None, environ=None):
        def wait(name, key):
            self.assertEqual(key, KEY)
            self.parks += 1

        host = host or Host()
        _wasgi.host = host
        with mock.patch.object(wsgi, "wait", wait), mock.patch.object(objects, "wait", wait):
            CYCLE.run(app, environ or {})
        return host


class Responses(Wsgi):
    def test_status_and_fields_go_to_the_connection_in_their_order(self):
        def app(environ, start_response):
            start_response("200 OK", [("X-A", "1"), ("Set-Cookie", "é")])
            return [b"body"]

        host = self.respond(app)
        self.assertEqual(host.started, [([b"200 OK", b"X-A", b"1", b"Set-Cookie", b"\xe9"], False)])
        self.assertEqual((host.blocks, host.finished, host.raised), ([b"body"], 1, []))

    def test_the_write_callable_sends_at_once(self):
        def app(environ, start_response):
            write = start_response("200 OK", [])
            write(b"first")
            self.assertEqual(_wasgi.host.blocks, [b"first"])
            return [b"second"]

        self.assertEqual(self.respond(app).blocks, [b"first", b"second"])

    def test_a_generator_runs_between_its_blocks_and_is_closed(self):
        events = []

        def app(environ, start_response):
            start_response("200 OK", [])
            try:
                yield b"one"
                events.append(list(_wasgi.host.blocks))
                yield b"two"
            finally:
                events.append("closed")

        self.respond(app)
        self.assertEqual(events, [[b"one"], "closed"])

    def test_close_is_called_after_an_error_too(self):
        class Iterable:
            closed = 0

            def __iter__(self):
                raise ValueError("while iterating")

            def close(self):
                self.closed += 1

        iterable = Iterable()
        host = self.respond(lambda environ, start_response: iterable)
        self.assertEqual(iterable.closed, 1)
        self.assertEqual(
            host.raised, [("ValueError: while iterating", _wasgi.ANY_EXCEPTION, None, True)]
        )

    def test_a_large_block_goes_in_parts_that_fit(self):
        data = bytes(range(256)) * 4096 * 3 + b"rest"

        def app(environ, start_response):
            start_response("200 OK", [])
            return [data]

        host = self.respond(app)
        self.assertEqual([len(block) for block in host.blocks], [buffer.SIZE] * 3 + [4])
        self.assertEqual(b"".join(host.blocks), data)

    def test_writing_waits_until_the_client_has_taken_it(self):
        host = Host(write=_wasgi.PARK)
        host.flushes = [_wasgi.PARK, _wasgi.PARK, _wasgi.DONE]

        def app(environ, start_response):
            start_response("200 OK", [])
            yield b"slow"

        self.respond(app, host)
        self.assertEqual((self.parks, host.raised), (3, []))

    def test_a_client_that_is_gone_is_a_broken_pipe(self):
        def app(environ, start_response):
            start_response("200 OK", [])
            yield b"x"

        host = self.respond(app, Host(write=_wasgi.BROKEN))
        self.assertEqual(
            host.raised, [("BrokenPipeError: [Errno 32] Broken pipe", _wasgi.OS_ERROR, 32, True)]
        )


class Mistakes(Wsgi):
    def test_text_in_place_of_bytes_is_refused(self):
        host = self.respond(
            lambda environ, start_response: (start_response("200 OK", []), ["text"])[1]
        )
        self.assertEqual(
            host.raised, [("TypeError: 'text' is not a byte", _wasgi.ANY_EXCEPTION, None, True)]
        )

    def test_fields_that_are_not_text_are_refused(self):
        host = self.respond(lambda environ, start_response: start_response("200 OK", [("X", 1)]))
        self.assertEqual(
            host.raised, [("TypeError: 1 is not a string", _wasgi.ANY_EXCEPTION, None, False)]
        )

    def test_what_rust_refuses_is_raised_in_the_app(self):
        caught = []

        def app(environ, start_response):
            try:
                start_response("200 OK", [])
            except AssertionError as error:
                caught.append(str(error))
            return []

        message = b"Response headers already set!"
        self.respond(app, Host(start=[b"AssertionError", message, b"str", message]))
        self.assertEqual(caught, ["Response headers already set!"])

    def test_exc_info_is_raised_again_once_the_head_is_sent(self):
        def app(environ, start_response):
            try:
                raise LookupError("of the app")
            except LookupError as error:
                start_response("500 Error", [], (type(error), error, error.__traceback__))

        host = self.respond(app, Host(start=_wasgi.RERAISE))
        self.assertEqual(host.started, [([b"500 Error"], True)])
        self.assertEqual(
            host.raised, [("LookupError: of the app", _wasgi.ANY_EXCEPTION, None, False)]
        )

    def test_exceptions_are_told_apart_by_what_the_server_does_with_them(self):
        for error, cause, errno in [
            (ValueError("x"), _wasgi.ANY_EXCEPTION, None),
            (StopIteration(), _wasgi.STOP_ITERATION, None),
            (OSError("x"), _wasgi.OS_ERROR, None),
            (OSError(104, "reset"), _wasgi.OS_ERROR, 104),
            (SystemExit(1), _wasgi.SYSTEM_EXIT, None),
            (KeyboardInterrupt(), _wasgi.BASE_EXCEPTION, None),
        ]:
            with self.subTest(error):

                def app(environ, start_response, error=error):
                    raise error

                self.assertEqual(self.respond(app).raised[0][1:], (cause, errno, False))


class Bodies(Wsgi):
    def read(self, work, *body):
        result = []

        def app(environ, start_response):
            result.append(work(environ["wsgi.input"]))
            return []

        _wasgi.host = Host(body)
        host = self.respond(
            app, _wasgi.host, {"wsgi.input": objects.Body(objects.Reader(5, KEY, wsgi.body_error))}
        )
        return result[0] if result else host.raised[0]

    def test_reading_waits_for_the_client(self):
        self.assertEqual(
            self.read(lambda body: body.read(), b"one ", None, None, b"two"), b"one two"
        )
        self.assertEqual(self.parks, 2)

    def test_however_little_is_asked_for_a_kilobyte_or_the_end_is_waited_for(self):
        rest = b"x" * 1021
        for work in (lambda body: body.read(3), lambda body: body.readline()):
            for body in ([b"ab\n", None, b"cd"], [b"ab\n", None, rest, None, b"more"]):
                with self.subTest(body=len(body)):
                    self.parks = 0
                    self.assertEqual(self.read(work, *body), b"ab\n")
                    self.assertEqual(self.parks, 1)

    def test_parts_lines_and_the_end(self):
        def work(body):
            return [body.read(3), body.readline(), body.readlines(), body.read(), body.read(1)]

        expected = [b"abc", b"d\n", [b"e\n", b"f"], b"", b""]
        self.assertEqual(self.read(work, b"abcd\ne", b"\nf"), expected)

    def test_iteration_goes_line_by_line(self):
        self.assertEqual(self.read(list, b"a\nb", b"\nc"), [b"a\n", b"b\n", b"c"])

    def test_a_reset_is_raised_where_the_app_reads(self):
        shown = self.read(
            lambda body: body.read(),
            b"half",
            [b"ConnectionResetError", b"", b"int", b"104", b"str", b"Connection reset by peer"],
        )
        self.assertEqual(shown[0], "ConnectionResetError: [Errno 104] Connection reset by peer")


class FileWrapper(unittest.TestCase):
    def test_reads_blocks_until_the_end_and_closes_the_file(self):
        file = io.BytesIO(b"x" * 10)
        wrapper = objects.FileWrapper(file, 4)
        self.assertEqual([len(block) for block in wrapper], [4, 4, 2])
        wrapper.close()
        self.assertTrue(file.closed)

    def test_has_no_close_if_the_file_has_none(self):
        self.assertFalse(
            hasattr(objects.FileWrapper(SimpleNamespace(read=lambda size: b"")), "close")
        )


class Files(Wsgi):
    def test_a_file_is_sent_from_where_it_stands_and_stays_there(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"0123456789")
            file.flush()
            file.seek(4)
            environ = {"wsgi.file_wrapper": objects.FileWrapper}
            host = self.respond(
                lambda environ, _: environ["wsgi.file_wrapper"](file), None, environ
            )
            self.assertEqual(host.events, ["file of 6", b"456789", "file ends"])
            self.assertTrue(file.closed)

    def test_what_has_no_descriptor_is_sent_in_blocks(self):
        environ = {"wsgi.file_wrapper": objects.FileWrapper}
        file = io.BytesIO(b"x" * 10)
        host = self.respond(lambda environ, _: objects.FileWrapper(file, 4), None, environ)
        self.assertEqual((host.blocks, host.events), ([b"xxxx", b"xxxx", b"xx"], []))


class AccessLog(Wsgi):
    ENVIRON: ClassVar = {
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "HTTP_AUTHORIZATION": "Basic dXNlcjpwYXNz",
    }

    def respond_watched(self, app, format, environ=None):
        with mock.patch.object(wsgi, "watch", access.Watch(format)):
            return self.respond(app, None, dict(environ or self.ENVIRON))

    def test_shows_what_the_app_has_left_in_the_environ(self):
        def app(environ, start_response):
            environ["REMOTE_ADDR"] = "10.0.0.1"
            environ["app.user"] = 7
            return []

        host = self.respond_watched(app, "%(h)s %(u)s %(m)s %({App.User}e)s %({nope}e)s")
        shown = {"REMOTE_ADDR": "10.0.0.1", "user": "user", "{app.user}e": "7", "{nope}e": "-"}
        self.assertEqual(host.changed, [shown])

    def test_is_told_nothing_where_nothing_has_changed(self):
        host = self.respond_watched(lambda *_: [], "%(h)s %(r)s")
        self.assertEqual(host.changed, [])

    def test_is_written_after_the_blocks_and_before_close(self):
        class Blocks:
            def __init__(self, environ):
                self.environ = environ

            def __iter__(self):
                self.environ["REMOTE_ADDR"] = "10.0.0.2"
                yield b"x"
                raise ValueError

            def close(self):
                self.environ["REMOTE_ADDR"] = "10.0.0.3"
                _wasgi.host.events.append("close")

        host = self.respond_watched(lambda environ, _: Blocks(environ), "%(h)s")
        self.assertEqual(host.changed, [{"REMOTE_ADDR": "10.0.0.2"}])
        self.assertEqual(host.events, ["access", "close"])


class Environ(unittest.TestCase):
    def setUp(self):
        _wasgi.host = Host()
        names = ("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT")
        pairs = zip(names, ("127.0.0.1", "8000", "127.0.0.1", "5000"))
        buffer.write_strings([text for pair in pairs for text in pair])
        base = {"SERVER_SOFTWARE": "g", "wsgi.input": None, "gunicorn.socket": None}
        self.environ = CYCLE.environ(base, False)

    def test_has_gunicorns_objects_in_its_order(self):
        names = list(self.environ)
        self.assertEqual(names[:3], ["SERVER_SOFTWARE", "wsgi.input", "gunicorn.socket"])
        self.assertEqual(names[-1], "wsgi.early_hints")
        body = type(self.environ["wsgi.input"])
        self.assertEqual((body.__module__, body.__qualname__), ("gunicorn.http.body", "Body"))
        self.assertEqual(
            self.environ["wsgi.early_hints"].__qualname__,
            "_make_early_hints_callback.<locals>.send_early_hints",
        )

    def test_has_a_socket_that_sends(self):
        client = self.environ["gunicorn.socket"]
        self.assertIsInstance(client, socket.socket)
        self.assertEqual(client.getpeername(), ("127.0.0.1", 5000))
        client.sendall(b"raw")
        self.assertEqual(_wasgi.host.events, [b"raw"])

    def test_sends_early_hints(self):
        self.environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload"), (b"X", b" y ")])
        sent = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX: y\r\n\r\n"
        self.assertEqual(_wasgi.host.events, [b"", sent])
        with self.assertRaises(Exception) as caught:
            self.environ["wsgi.early_hints"]([("A\n", "x")])
        self.assertEqual(
            str(caught.exception), "Invalid response header name from the application: 'A\\n'"
        )
