"""asyncio in greenlets, as gevent has it."""

import asyncio
import unittest
from asyncio import events

from wasgi_runtime.gevent import running_loop


class RunningLoop(unittest.TestCase):
    def setUp(self):
        kept = {name: vars(events)[name] for name in ("_get_running_loop", "_set_running_loop")}
        kept["get_running_loop"] = events.get_running_loop
        self.addCleanup(vars(events).update, kept)
        self.addCleanup(vars(asyncio).update, kept)
        running_loop.share()

    def test_the_loop_of_one_greenlet_is_that_of_all(self):
        loop = object()
        before = running_loop._get_own()
        self.addCleanup(running_loop._set_own, before)
        running_loop._set_own(None)
        with self.assertRaisesRegex(RuntimeError, "no running event loop"):
            asyncio.get_running_loop()
        events._set_running_loop(loop)
        self.assertIs(asyncio.get_running_loop(), loop)
        # Another greenlet begins: what it has of its own is reset.
        running_loop._set_own(None)
        events._set_running_loop(None)
        self.assertIs(asyncio.get_running_loop(), loop)
        # The loop's own greenlet ends it.
        running_loop._set_own(loop)
        events._set_running_loop(None)
        self.assertIsNone(events._get_running_loop())
