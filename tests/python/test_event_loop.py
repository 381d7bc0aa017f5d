"""asyncio's event loop on ours: what select() asks of its host."""

import asyncio
import unittest
from types import SimpleNamespace
from unittest import mock

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.event_loop import loop as event_loop
from wasgi_runtime.threads import waiting


def setUpModule():
    # As in a process: Pyodide's own loop claims to be running for ever.
    event_loop.install()


FIRST = (_wasgi.RECEIVABLE, 4)
SECOND = (_wasgi.WRITABLE, 9)


class Host:
    """Has events; time goes by only where a thread waits."""

    def __init__(self, *events):
        self.events = list(events)
        self.later = []
        self.calls = []

    def next_event(self):
        if not self.events:
            return _wasgi.NOTHING
        kind, buffer.number[0] = self.events.pop(0)
        return kind

    def set_polling(self, on):
        self.calls.append(("polling", on))

    def wake_all(self, key):
        self.calls.append(("wake", key))

    def wait(self, name, key, timeout=-1.0):
        self.calls.append(("wait", timeout))
        self.events += self.later
        self.later = []
        return _wasgi.WOKEN

    def yield_now(self, to_messages=False):
        self.calls.append(("yield", to_messages))
        self.events += self.later
        self.later = []


class Selecting(unittest.TestCase):
    def select(self, host, timeout=None, wake=False):
        selector = event_loop.Selector()
        selector.decode = lambda *event: event
        _wasgi.host = host
        with mock.patch.multiple(event_loop, wait=host.wait, yield_now=host.yield_now):
            if wake:
                selector.wake()
            return selector.select(timeout)

    def test_events_that_are_there_are_taken_without_waiting(self):
        host = Host(FIRST, SECOND)
        self.assertEqual(self.select(host), [FIRST, SECOND])
        self.assertEqual(host.calls, [])

    def test_without_events_the_thread_waits_while_it_polls(self):
        host = Host()
        host.later = [FIRST]
        self.assertEqual(self.select(host, 1.5), [FIRST])
        self.assertEqual(host.calls, [("polling", True), ("wait", 1.5), ("polling", False)])

    def test_no_timeout_waits_for_ever(self):
        host = Host()
        self.select(host)
        self.assertIn(("wait", None), host.calls)

    def test_a_timeout_of_nothing_only_looks(self):
        host = Host()
        self.assertEqual(self.select(host, 0), [])
        self.assertEqual(host.calls, [])

    def test_a_wake_ends_the_next_wait(self):
        host = Host()
        self.assertEqual(self.select(host, wake=True), [])
        self.assertEqual(host.calls, [])

    def test_a_wake_ends_the_present_wait(self):
        host = Host()
        _wasgi.host = host
        selector = event_loop.Selector()
        selector.decode = lambda *event: event

        def wait(name, key, timeout=-1.0):
            selector.wake()
            self.assertEqual(host.calls, [("polling", True), ("wake", key)])

        with mock.patch.object(event_loop, "wait", wait):
            selector.select()

    def test_each_loop_that_does_not_serve_waits_by_itself(self):
        keys = []
        _wasgi.host = Host()
        with mock.patch.object(event_loop, "wait", lambda name, key, timeout: keys.append(key)):
            for selector in (event_loop.Selector(), event_loop.Selector()):
                selector.select()
        self.assertNotIn(waiting.CONNECTIONS, keys)
        self.assertNotEqual(keys[0], keys[1])

    def test_a_busy_loop_lets_the_workers_own_loop_turn(self):
        host = Host((_wasgi.TURN, 0))
        host.later = [FIRST]
        self.assertEqual(self.select(host, 0), [FIRST])
        self.assertEqual(host.calls, [("yield", True)])


class Looping(unittest.TestCase):
    def test_timers_and_callbacks_run_in_their_order(self):
        clock = 0.0
        host = SimpleNamespace(set_polling=lambda on: None, wake_all=lambda key: None)
        _wasgi.host = host

        def wait(name, key, timeout=-1.0):
            nonlocal clock
            clock += timeout

        loop = event_loop.EventLoop()
        loop.time = lambda: clock
        order = []

        async def sleeper(name, delay):
            await asyncio.sleep(delay)
            order.append((name, clock))

        async def run():
            await asyncio.gather(sleeper("late", 2), sleeper("early", 1), sleeper("now", 0))

        with mock.patch.object(event_loop, "wait", wait):
            loop.run_until_complete(run())
        self.assertEqual([name for name, _ in order], ["now", "early", "late"])
        self.assertAlmostEqual(order[2][1], 2, places=3)
        loop.close()

    def test_a_loop_that_runs_cannot_be_closed(self):
        _wasgi.host = SimpleNamespace(set_polling=lambda on: None, wake_all=lambda key: None)
        loop = event_loop.EventLoop()

        async def close():
            loop.close()

        with self.assertRaisesRegex(RuntimeError, "running"):
            loop.run_until_complete(close())
        loop.close()
        loop.close()
