"""What `cargo xtask python-tests` starts in the place of an app: one module of CPython's own tests.

Importing this runs the module and ends the process. What happens is told on standard output, one
JSON object a line behind MARK; everything else that is printed is the tests' own. Which module, and
what to leave out, is in run.json beside this file: ``{"module": "test_queue", "omit":
["test_queue.*.test_x"]}``.

What is forced, so that tests run that test.support would skip because the platform is called
"emscripten":

* ``threading_helper.can_start_thread``: the interpreter was built without pthreads, but our
  processes have threads.
* ``support.has_socket_support``, only while the package test.test_asyncio is imported: it refuses
  to be imported without sockets, although most of its tests need none. Those that do fail, and are
  listed.
* ``_multiprocessing``: an empty module stands in for it. Modules that test threads and processes
  import both; their tests of processes then skip themselves.
* ``InterpreterPoolExecutor``: without subinterpreters there is none, and the module that names it,
  for threads too, cannot be imported. A class whose instances cannot be made stands in for it:
  tests of it are skipped.

And one class is added: test_events tests each loop that its author knew; LoopOfThisPlatformTests
tests the one that ``asyncio.new_event_loop()`` makes here.
"""

import fnmatch
import importlib
import json
import os
import sys
import traceback
import types
import unittest
from typing import Any, NoReturn

MARK = "@test@ "
LONGEST = 6000
"""Characters of a traceback that are told: the last ones."""
BOOT_FAILED = 3
"""The exit code by which gunicorn's master knows that it need not start another worker."""


def tell(event: str, **more: Any) -> None:
    """Writes past sys.stdout, which tests redirect. The newline before ends what a test has left
    unfinished.
    """
    os.write(1, f"\n{MARK}{json.dumps({'event': event, **more})}\n".encode())


def name_of(test: Any) -> str:
    return test.id().removeprefix("test.")


def traceback_of(error: Any) -> str:
    return "".join(traceback.format_exception(*error))[-LONGEST:]


class Result(unittest.TestResult):
    """Tells of each test when it starts and how it ended, once, whatever its subtests did."""

    def __init__(self) -> None:
        super().__init__()
        self.status = "ok"
        self.detail = ""
        self.current: Any = None

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.current, self.status, self.detail = test, "ok", ""
        tell("start", test=name_of(test))

    def stopTest(self, test: Any) -> None:
        tell("stop", test=name_of(test), status=self.status, detail=self.detail)
        self.current = None
        super().stopTest(test)

    def _note(self, test: Any, status: str, detail: str) -> None:
        if self.current is None:
            # setUpClass, setUpModule or what undoes them: no test has started.
            tell("stop", test=name_of(test), status=status, detail=detail)
        elif self.status != "fail":
            self.status, self.detail = status, detail

    def _failed(self, test: Any, error: Any) -> None:
        if self.current is None:
            self._note(test, "fail", traceback_of(error))
        elif self.status != "fail":
            # First what counts: a signal that the test sent itself may come while its traceback is
            # made.
            self.status = "fail"
            self.detail = traceback_of(error)

    def addFailure(self, test: Any, err: Any) -> None:
        self._failed(test, err)

    def addError(self, test: Any, err: Any) -> None:
        self._failed(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._failed(test, err)

    def addSkip(self, test: Any, reason: str) -> None:
        self._note(test, "skip", reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._note(test, "ok", "")

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._note(test, "fail", "CPython expects this test to fail, but it passed.")


class NoInterpreterPool:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise unittest.SkipTest("requires subinterpreters")


def prepare() -> None:
    from concurrent import futures

    from test import support
    from test.support import threading_helper

    # The resources that regrtest's -u gives: long tests, but nothing from outside.
    support.use_resources = {"cpu": None, "walltime": None}
    threading_helper.can_start_thread = True
    sys.modules["_multiprocessing"] = types.ModuleType("_multiprocessing")
    if not hasattr(futures, "InterpreterPoolExecutor"):
        futures.InterpreterPoolExecutor = NoInterpreterPool


def import_tests(module: str) -> types.ModuleType:
    from test import support

    package = module.rpartition(".")[0]
    if package == "test_asyncio":
        had, support.has_socket_support = support.has_socket_support, True
        importlib.import_module("test.test_asyncio")
        support.has_socket_support = had
    tests = importlib.import_module(f"test.{module}")
    if module == "test_asyncio.test_events":
        add_our_loop(tests)
    return tests


def add_our_loop(tests: Any) -> None:
    import asyncio

    from test.test_asyncio import utils

    class LoopOfThisPlatformTests(tests.EventLoopTestsMixin, utils.TestCase):
        def create_event_loop(self) -> asyncio.AbstractEventLoop:
            return asyncio.new_event_loop()

    LoopOfThisPlatformTests.__module__ = tests.__name__
    LoopOfThisPlatformTests.__qualname__ = LoopOfThisPlatformTests.__name__
    tests.LoopOfThisPlatformTests = LoopOfThisPlatformTests


def without(suite: Any, omit: list[str]) -> unittest.TestSuite:
    """The suite without the tests whose names match, which are told."""
    kept = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.append(without(test, omit))
        elif any(fnmatch.fnmatchcase(name_of(test), pattern) for pattern in omit):
            tell("omitted", test=name_of(test))
        else:
            kept.append(test)
    return unittest.TestSuite(kept)


def main() -> NoReturn:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.json")) as file:
        run = json.load(file)
    module = run["module"]
    result = Result()
    tell("begin")
    try:
        prepare()
        tests = import_tests(module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(tests)
        without(suite, run["omit"]).run(result)
        tell("end")
    except unittest.SkipTest as skipped:
        tell("stop", test=module, status="skip", detail=str(skipped))
        tell("end")
    except BaseException:
        # Beside the test that has started, if one has: KeyboardInterrupt, or an error of the
        # module's.
        tell("broken", detail=traceback.format_exc()[-LONGEST:])
    os._exit(BOOT_FAILED)


main()
