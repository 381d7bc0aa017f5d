"""Exceptions that come from Rust (``src/gateway/exception.rs``)."""

import unittest

from wasgi_runtime.bridge import buffer
from wasgi_runtime.bridge.exceptions import CutShortBody, RejectedBody, raised


def crossed(*strings):
    buffer.write_bytes(list(strings))
    return raised()


class Exceptions(unittest.TestCase):
    def test_a_built_in_one_is_made_of_its_arguments(self):
        error = crossed(b"KeyError", b"700", b"int", b"700")
        self.assertEqual((type(error), error.args, str(error)), (KeyError, (700,), "700"))
        error = crossed(
            b"ConnectionResetError", b"", b"int", b"104", b"str", b"Connection reset by peer"
        )
        self.assertEqual((error.errno, str(error)), (104, "[Errno 104] Connection reset by peer"))

    def test_a_servers_one_has_its_name_and_shows_its_message(self):
        error = crossed(
            b"gunicorn.http.errors.InvalidChunkSize",
            b"Invalid chunk size: b'zz'",
            b"bytes",
            b"zz",
        )
        self.assertIsInstance(error, RejectedBody)
        self.assertEqual(type(error).__module__, "gunicorn.http.errors")
        self.assertEqual(type(error).__qualname__, "InvalidChunkSize")
        self.assertEqual((error.args, str(error)), ((b"zz",), "Invalid chunk size: b'zz'"))

    def test_one_may_be_made_of_nothing(self):
        error = crossed(b"gunicorn.http.errors.NoMoreData", b"No more data after: None")
        self.assertIsInstance(error, CutShortBody)
        self.assertEqual(type(error).__qualname__, "NoMoreData")
        self.assertIsInstance(error, OSError)
        self.assertEqual((error.args, str(error)), ((), "No more data after: None"))

    def test_a_librarys_one_has_the_librarys_bases(self):
        error = crossed(b"websockets.exceptions.InvalidHeaderValue", b"invalid", b"str", b"invalid")
        self.assertEqual(
            [kind.__qualname__ for kind in type(error).__mro__[:4]],
            ["InvalidHeaderValue", "InvalidHeader", "InvalidHandshake", "WebSocketException"],
        )
