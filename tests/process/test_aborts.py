"""What has aborted interpreters whose threads are suspended stacks: each test dies, or fails,
without the remedy that it names.
"""

import _thread
import ctypes
import inspect
import sys
import threading
import time
import unittest
from collections.abc import MutableSequence, Sequence
from contextlib import contextmanager

from pyodide.ffi import create_proxy, to_js


class Expected(Exception):
    pass


class Aborts(unittest.TestCase):
    def test_an_interrupt_or_a_switch_that_is_due_where_a_wait_begins_harms_nothing(self):
        """``run_sync`` calls Python and takes a missing result for an object: nothing happens
        inside (``preemption``).
        """
        times = 2000
        # Lists: an Event's own lock is taken in Python, where an interrupt may leave it taken, here
        # as natively.
        ready, done = [], []

        def interrupt():
            while not ready:
                time.sleep(0.001)
            for _ in range(times):
                _thread.interrupt_main()
                time.sleep(0.0002)
            done.append(True)

        def compute():
            while not done:
                sum(range(50))

        threads = [threading.Thread(target=target) for target in (interrupt, compute)]
        interval = sys.getswitchinterval()
        for thread in threads:
            thread.start()
        # A switch is due at every look.
        sys.setswitchinterval(1e-6)
        caught = 0
        while True:
            try:
                ready.append(True)
                while not done:
                    time.sleep(0.0001)
                time.sleep(0.01)
                break
            except KeyboardInterrupt:
                caught += 1
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()
        self.assertGreater(caught, 0)

    def test_a_wait_for_which_the_stack_has_no_room_is_a_recursion_error(self):
        """The same place: ``parking`` looks whether there is room before it waits."""
        limit = sys.getrecursionlimit()
        depth = len(inspect.stack())
        ended = []
        for room in range(1, 40):
            try:
                sys.setrecursionlimit(depth + room)
                time.sleep(0.0001)
                ended.append("waited")
            except RecursionError:
                ended.append("no room")
            finally:
                sys.setrecursionlimit(limit)
        self.assertIn("no room", ended)
        self.assertEqual(ended[-1], "waited")

    @contextmanager
    def _others_computing(self):
        """Two more threads want to run for as long as this lasts."""
        stop = threading.Event()

        def compute():
            while not stop.is_set():
                sum(range(500))

        others = [threading.Thread(target=compute) for _ in range(2)]
        for thread in others:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in others:
                thread.join()

    def test_an_exception_that_leaves_a_callback_of_javascript_lets_no_other_thread_run_there(self):
        """The excepthook runs with JavaScript below it on the stack, which cannot be suspended
        (``glue.rs``: pythonexc2js).
        """

        def fails(*_args):
            sum(range(500))
            raise Expected

        callback = create_proxy(fails)
        raised = 0
        with self._others_computing():
            array = to_js([1])
            for _ in range(3000):
                try:
                    array.map(callback)
                except Expected:
                    raised += 1
        callback.destroy()
        self.assertEqual(raised, 3000)

    def test_python_that_runs_while_javascript_is_wrapped_lets_no_other_thread_run_there(self):
        """The first object of its kind has a type made for it, which collections.abc is told: in
        Python, with Pyodide's JavaScript below it (``glue.rs``: ``RUN_PYTHON``).
        """
        told = []

        def register(kind):
            end = time.perf_counter() + 0.1
            while time.perf_counter() < end:
                sum(range(500))
            told.append(kind)

        for abc in (MutableSequence, Sequence):
            abc.register = register
        try:
            with self._others_computing():
                array = to_js(b"ab")
        finally:
            for abc in (MutableSequence, Sequence):
                del abc.register
        self.assertEqual(len(told), 1)
        self.assertEqual(array.to_bytes(), b"ab")

    def test_python_that_c_calls_through_ctypes_lets_no_other_thread_run_there(self):
        """ctypes calls C from JavaScript (``glue.rs``: ``ffi_call_js``)."""
        call = ctypes.PyDLL(None).PyObject_CallNoArgs
        call.argtypes, call.restype = [ctypes.py_object], ctypes.py_object

        def compute():
            end = time.perf_counter() + 0.1
            while time.perf_counter() < end:
                sum(range(500))
            return "computed"

        with self._others_computing():
            self.assertEqual(call(compute), "computed")
