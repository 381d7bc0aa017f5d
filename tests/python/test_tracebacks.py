"""Tracebacks without the frames of our own package."""

import unittest
from types import SimpleNamespace

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.bridge.tracebacks import traceback_of
from wasgi_runtime.wsgi import cycle as wsgi


def fail():
    raise ValueError("a mistake")


class Tracebacks(unittest.TestCase):
    def test_end_without_a_line_end_and_show_the_source(self):
        try:
            fail()
        except ValueError as error:
            text = traceback_of(error)
        self.assertTrue(text.startswith("Traceback (most recent call last):\n"))
        self.assertIn('    raise ValueError("a mistake")\n', text)
        self.assertTrue(text.endswith("\nValueError: a mistake"))

    def test_leave_out_our_frames(self):
        shown = []
        _wasgi.host = SimpleNamespace(
            raised_wsgi=lambda _id, length, *_: shown.append(buffer.read_text(length)),
        )

        def app(environ, start_response):
            fail()

        wsgi.Cycle(0, 0).run(app, {})
        self.assertNotIn("wasgi_runtime", shown[0])
        self.assertIn("in app\n    fail()\n", shown[0])

    def test_leave_them_out_of_causes_too(self):
        try:
            try:
                buffer.write_bytes([None])
            except TypeError as error:
                raise RuntimeError("outer") from error
        except RuntimeError as error:
            text = traceback_of(error)
        self.assertNotIn("wasgi_runtime", text)
        self.assertIn("The above exception was the direct cause", text)

    def test_keep_one_that_is_ours_alone(self):
        try:
            buffer.write_bytes([b"x" * (buffer.SIZE + 1)])
        except ValueError as error:
            error.__traceback__ = error.__traceback__.tb_next
            self.assertIn("in write_bytes", traceback_of(error))
