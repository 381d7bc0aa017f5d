"""What is supplied to the interpreter because this CPython lacks it."""

import importlib
import inspect
import os
import sys
import unittest

import _host
import _wasgi


class Host:
    key_derivation = _host.key_derivation
    check = staticmethod(lambda: 0)


_wasgi.host = Host
_wasgi.cpu_count = 3

from wasgi_runtime.stdlib import additions


def setUpModule():
    additions.install()
    additions.count_processors()


class Hashlib(unittest.TestCase):
    def tearDown(self):
        sys.modules.pop("hashlib", None)

    def test_has_key_derivation_however_it_is_imported(self):
        for statement in (
            "from hashlib import pbkdf2_hmac, scrypt",
            "import hashlib; hashlib.pbkdf2_hmac; hashlib.scrypt",
        ):
            sys.modules.pop("hashlib", None)
            exec(statement, {})
        names = {}
        exec("from hashlib import *", names)
        self.assertIn("pbkdf2_hmac", names)
        self.assertNotIn("scrypt", names, "as with OpenSSL")

    def test_is_the_module_of_the_standard_library(self):
        import hashlib

        self.assertIn("def file_digest", inspect.getsource(hashlib))
        self.assertIs(hashlib.__loader__, hashlib.__spec__.loader)
        self.assertNotIn("wasgi", type(hashlib.__loader__).__module__)

    def test_keeps_key_derivation_when_it_is_reloaded(self):
        import hashlib

        self.assertTrue(callable(importlib.reload(hashlib).scrypt))

    def test_is_left_alone_where_the_app_has_its_own(self):
        os.mkdir("/tmp/own")
        with open("/tmp/own/hashlib.py", "w") as file:
            file.write("mine = True")
        sys.modules.pop("hashlib", None)
        sys.path.insert(0, "/tmp/own")
        try:
            import hashlib

            self.assertTrue(hashlib.mine)
            self.assertFalse(hasattr(hashlib, "scrypt"))
        finally:
            sys.path.remove("/tmp/own")

    def test_is_not_imported_at_start(self):
        self.assertNotIn("hashlib", sys.modules)
        self.assertNotIn("wasgi_runtime.stdlib.key_derivation", STARTED_WITH)


STARTED_WITH = frozenset(sys.modules)


class Multiprocessing(unittest.TestCase):
    def test_imports_with_all_that_is_built_upon_it(self):
        for name in (
            "multiprocessing",
            "multiprocessing.connection",
            "multiprocessing.synchronize",
            "multiprocessing.queues",
            "multiprocessing.pool",
            "multiprocessing.managers",
            "multiprocessing.sharedctypes",
            "concurrent.futures.process",
            "logging.handlers",
        ):
            with self.subTest(name):
                importlib.import_module(name)

    def test_a_process_says_that_it_cannot_start(self):
        import multiprocessing

        for method in (None, "fork", "spawn", "forkserver"):
            process = multiprocessing.get_context(method).Process(target=print)
            with (
                self.subTest(method),
                self.assertRaisesRegex(OSError, "cannot start processes of its own here yet"),
            ):
                process.start()
        self.assertEqual(multiprocessing.active_children(), [])

    def test_locks_queues_and_pools_say_that_they_are_missing(self):
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        def execute():
            with ProcessPoolExecutor(1) as pool:
                pool.submit(print).result()

        for make in (multiprocessing.Lock, multiprocessing.Queue, multiprocessing.Pool, execute):
            with (
                self.subTest(make),
                self.assertRaisesRegex(OSError, "use those of threading|processes of its own"),
            ):
                make()

    def test_shared_memory_is_no_module_here(self):
        with self.assertRaisesRegex(ImportError, "_posixshmem"):
            from multiprocessing import shared_memory  # noqa: F401


class Processors(unittest.TestCase):
    def test_are_as_many_as_the_browser_tells(self):
        import multiprocessing

        self.assertEqual(
            (os.cpu_count(), os.process_cpu_count(), multiprocessing.cpu_count()), (3, 3, 3)
        )


class System(unittest.TestCase):
    def test_gives_random_bytes_in_any_amount(self):
        random = os.urandom(300_000)
        self.assertEqual(len(random), 300_000)
        self.assertGreater(len(set(random[-1000:])), 200)

    def test_has_temporary_files_of_every_kind(self):
        import tempfile

        handle, path = tempfile.mkstemp(suffix=".txt")
        os.write(handle, b"x")
        os.close(handle)
        os.remove(path)
        with (
            tempfile.TemporaryDirectory() as directory,
            open(os.path.join(directory, "a"), "w") as file,
        ):
            file.write("x")
        self.assertFalse(os.path.exists(directory))
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"named")
            file.flush()
            with open(file.name, "rb") as again:
                self.assertEqual(again.read(), b"named")
        self.assertFalse(os.path.exists(file.name))
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 100_000)
            file.seek(99_999)
            self.assertEqual(file.read(), b"x")
        with tempfile.SpooledTemporaryFile(max_size=10) as file:
            file.write(b"spooled and rolled over")
            file.seek(8)
            self.assertEqual(file.read(3), b"and")


class Frameworks(unittest.TestCase):
    def test_quart_and_hypercorn_import(self):
        for name in ("hypercorn", "hypercorn.asyncio", "hypercorn.run", "quart"):
            with self.subTest(name):
                importlib.import_module(name)
