"""The callables that a WSGI app sees (PEP 3333), over a host that records."""

import io
import unittest
from types import SimpleNamespace
from unittest import mock

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.wsgi import cycle as wsgi

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
        with mock.patch.object(wsgi, "wait", wait):
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
        host = self.respond(app, _wasgi.host, {"wsgi.input": wsgi._Input(CYCLE)})
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
        wrapper = wsgi.FileWrapper(file, 4)
        self.assertEqual([len(block) for block in wrapper], [4, 4, 2])
        wrapper.close()
        self.assertTrue(file.closed)

    def test_has_no_close_if_the_file_has_none(self):
        self.assertFalse(hasattr(wsgi.FileWrapper(SimpleNamespace(read=lambda size: b"")), "close"))
