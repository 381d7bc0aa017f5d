"""The shared buffer between Rust and Python."""

import struct
import unittest

from wasgi_runtime.bridge import buffer


def write(strings):
    """A run as Rust writes it."""
    text = b"\0".join(strings)
    run = struct.pack("<I", len(text)) + text
    if not strings or any(0 in string for string in strings):
        run = struct.pack(
            f"<{1 + len(strings)}I", 2**31 + len(strings), *map(len, strings)
        ) + b"".join(strings)
    buffer.view[: len(run)] = run
    return len(run)


class Runs(unittest.TestCase):
    def test_strings_are_read_in_their_order(self):
        write([b"REQUEST_METHOD", b"GET", b"PATH_INFO", b"/"])
        self.assertEqual(buffer.read_strings(), ["REQUEST_METHOD", "GET", "PATH_INFO", "/"])

    def test_a_byte_is_a_character_of_latin_1(self):
        for first in (0, 1):
            write([bytes(range(first, 256)), b"."])
            self.assertEqual(buffer.read_strings(), ["".join(map(chr, range(first, 256))), "."])

    def test_empty_strings_and_no_strings_are_told_apart(self):
        write([b"", b"x", b""])
        self.assertEqual(buffer.read_strings(), ["", "x", ""])
        self.assertEqual(buffer.read_bytes(), [b"", b"x", b""])
        write([b""])
        self.assertEqual(buffer.read_strings(), [""])
        write([])
        self.assertEqual(buffer.read_strings(), [])
        self.assertEqual(buffer.read_bytes(), [])

    def test_what_an_earlier_longer_run_left_is_not_read(self):
        write([b"a long run of earlier bytes"] * 10)
        write([b"short"])
        self.assertEqual(buffer.read_bytes(), [b"short"])

    def test_what_is_put_is_what_rust_writes(self):
        for strings in (
            [b"200 OK", b"Content-Type", b"\xff", b""],
            [b"200 OK", b"a\0b"],
            [b""],
            [b"", b""],
            [],
        ):
            with self.subTest(strings):
                length = buffer.write_bytes(strings)
                put = bytes(buffer.view[:length])
                self.assertEqual(write(strings), length)
                self.assertEqual(bytes(buffer.view[:length]), put)
                self.assertEqual(
                    buffer.write_strings([string.decode("latin-1") for string in strings]), length
                )
                self.assertEqual(bytes(buffer.view[:length]), put)

    def test_a_character_beyond_latin_1_is_put_as_nul(self):
        buffer.write_strings(["é", "a€", "z"])
        self.assertEqual(buffer.read_bytes(), [b"\xe9", b"a\0", b"z"])

    def test_a_head_that_does_not_fit_is_refused_and_one_that_does_is_not(self):
        room = buffer.SIZE - 4
        self.assertEqual(buffer.write_bytes([b"x" * room]), buffer.SIZE)
        with self.assertRaisesRegex(ValueError, "larger than"):
            buffer.write_bytes([b"x" * (room + 1)])


class Text(unittest.TestCase):
    def test_goes_as_utf_8_and_comes_back(self):
        for text in ["", "plain", "Grüße 서버 🐍"]:
            with self.subTest(text):
                self.assertEqual(buffer.read_text(buffer.write_text(text)), text)

    def test_a_lone_surrogate_does_not_stop_a_log_line(self):
        self.assertEqual(buffer.read_text(buffer.write_text("a\udc80b")), "a?b")

    def test_is_cut_at_the_end_of_the_buffer(self):
        self.assertEqual(buffer.write_text("x" * (buffer.SIZE + 1)), buffer.SIZE)
