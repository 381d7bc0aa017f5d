"""What runs before and after a fork, and what a child has of its own."""

import os
import random
import signal
import sys
import unittest
from typing import ClassVar

import _wasgi


class Host:
    check = staticmethod(lambda: _wasgi.GO_ON)
    main_started = staticmethod(lambda: None)
    dispositions: ClassVar[dict[int, int]] = {}

    @classmethod
    def set_disposition(cls, number, disposition):
        cls.dispositions[number] = disposition


_wasgi.host = Host

from wasgi_runtime.process import forking


def fork_into(outcome, **options):
    """Goes through a fork; whether it is the child that goes on."""
    life = forking.fork(**options)
    assert next(life) == _wasgi.FORKS
    try:
        life.send(outcome)
    except StopIteration as end:
        return end.value
    raise AssertionError("a fork goes on at once")


def setUpModule():
    forking.install()


class Hooks(unittest.TestCase):
    def setUp(self):
        self.called = []
        for hooks in (forking._before, forking._after_in_child, forking._after_in_parent):
            hooks.clear()
        for name in ("first", "second"):
            os.register_at_fork(
                before=lambda name=name: self.called.append(f"before, {name}"),
                after_in_child=lambda name=name: self.called.append(f"in the child, {name}"),
                after_in_parent=lambda name=name: self.called.append(f"in the parent, {name}"),
            )

    def test_those_before_run_last_registered_first_and_those_of_the_child_as_registered(self):
        self.assertTrue(fork_into(_wasgi.CHILD))
        self.assertEqual(
            self.called,
            ["before, second", "before, first", "in the child, first", "in the child, second"],
        )

    def test_the_parent_has_its_own(self):
        self.assertFalse(fork_into(_wasgi.PARENT))
        self.assertEqual(self.called[2:], ["in the parent, first", "in the parent, second"])

    def test_none_runs_in_a_fork_that_python_does_not_know_of(self):
        self.assertTrue(fork_into(_wasgi.CHILD, knows=False))
        self.assertEqual(self.called, [])

    def test_one_that_raises_is_reported_and_the_others_run(self):
        reported = []
        hook, sys.unraisablehook = sys.unraisablehook, reported.append
        self.addCleanup(setattr, sys, "unraisablehook", hook)
        os.register_at_fork(after_in_child=lambda: 1 / 0)
        os.register_at_fork(after_in_child=lambda: self.called.append("after it"))
        fork_into(_wasgi.CHILD)
        self.assertIs(reported[0].exc_type, ZeroDivisionError)
        self.assertEqual(self.called[-1], "after it")

    def test_nothing_and_what_cannot_be_called_are_refused(self):
        with self.assertRaisesRegex(TypeError, "At least one argument is required"):
            os.register_at_fork()
        with self.assertRaisesRegex(TypeError, "'int' object is not callable"):
            os.register_at_fork(before=3)


class Child(unittest.TestCase):
    def test_random_numbers_are_its_own_and_the_parents_go_on(self):
        random.seed(1)
        expected = random.Random(1).random()
        fork_into(_wasgi.PARENT)
        self.assertEqual(random.random(), expected)
        random.seed(1)
        fork_into(_wasgi.CHILD)
        self.assertNotEqual(random.random(), expected)

    def test_handlers_of_signals_are_told_to_the_new_process(self):
        before = signal.signal(signal.SIGALRM, lambda *_: None)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        Host.dispositions.clear()
        fork_into(_wasgi.CHILD)
        self.assertEqual(Host.dispositions[signal.SIGALRM], _wasgi.SIGNAL_HANDLED)
        self.assertEqual(Host.dispositions[signal.SIGUSR1], _wasgi.SIGNAL_DEFAULT)

    def test_a_hook_for_exceptions_that_booting_has_replaced_is_back(self):
        hook = sys.excepthook
        self.addCleanup(setattr, sys, "excepthook", hook)
        sys.excepthook = mine = lambda *_: None
        life = forking.fork()
        next(life)
        sys.excepthook = hook
        with self.assertRaises(StopIteration):
            life.send(_wasgi.CHILD)
        self.assertIs(sys.excepthook, mine)
