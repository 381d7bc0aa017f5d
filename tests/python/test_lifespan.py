"""The lifespan protocol as uvicorn runs it."""

import unittest
from types import SimpleNamespace

import _wasgi
from wasgi_runtime.bridge import buffer
from wasgi_runtime.bridge.log import ERROR, INFO
from wasgi_runtime.event_loop import loop as event_loop
from wasgi_runtime.servers.uvicorn.lifespan import Lifespan


def setUpModule():
    # As in a process: Pyodide's own loop claims to be running for ever.
    event_loop.install()


async def obedient(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    scope["state"]["ready"] = True
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await send({"type": "lifespan.shutdown.complete"})


async def refuses(scope, receive, send):
    raise NotImplementedError("only http")


async def fails_to_start(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def fails_to_stop(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "still busy"})


async def leaves_after_startup(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})


async def says_nonsense(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.nonsense"})


class LifespanProtocol(unittest.TestCase):
    def setUp(self):
        self.log = []
        _wasgi.host = SimpleNamespace(
            log=lambda level, length: self.log.append((level, buffer.read_text(length))),
            set_polling=lambda on: None,
            wake=lambda: None,
        )

    def run_app(self, app, mode="auto", shutdown=True):
        async def run():
            lifespan = Lifespan(app, mode)
            await lifespan.startup()
            if shutdown and not lifespan.should_exit:
                await lifespan.shutdown()
            return lifespan

        loop = event_loop.EventLoop()
        try:
            return loop.run_until_complete(run())
        finally:
            loop.close()

    def lines(self):
        return [text for _, text in self.log]

    def test_an_app_starts_up_and_shuts_down_and_shares_its_state(self):
        lifespan = self.run_app(obedient)
        self.assertFalse(lifespan.should_exit)
        self.assertEqual(lifespan.state, {"ready": True})
        self.assertEqual(
            self.lines(),
            [
                "Waiting for application startup.",
                "Application startup complete.",
                "Waiting for application shutdown.",
                "Application shutdown complete.",
            ],
        )

    def test_an_app_that_refuses_is_taken_not_to_support_it(self):
        lifespan = self.run_app(refuses)
        self.assertFalse(lifespan.should_exit)
        self.assertIn((INFO, "ASGI 'lifespan' protocol appears unsupported."), self.log)
        self.assertEqual(self.lines()[-1], "Application startup complete.", "and has no shutdown")

    def test_with_lifespan_on_an_app_that_refuses_ends_the_server(self):
        lifespan = self.run_app(refuses, "on")
        self.assertTrue(lifespan.should_exit)
        level, text = self.log[1]
        self.assertEqual(level, ERROR)
        self.assertRegex(
            text,
            r"(?s)^Exception in 'lifespan' protocol\nTraceback .*NotImplementedError: only http$",
        )
        self.assertEqual(self.log[-1], (ERROR, "Application startup failed. Exiting."))

    def test_with_lifespan_off_the_app_is_not_asked(self):
        self.run_app(refuses, "off")
        self.assertEqual(self.log, [])

    def test_a_failed_startup_ends_the_server_with_its_reason(self):
        lifespan = self.run_app(fails_to_start)
        self.assertTrue(lifespan.should_exit)
        self.assertEqual(
            self.log[1:], [(ERROR, "no database"), (ERROR, "Application startup failed. Exiting.")]
        )

    def test_a_failed_shutdown_is_told(self):
        lifespan = self.run_app(fails_to_stop)
        self.assertTrue(lifespan.should_exit)
        self.assertEqual(
            self.log[-2:], [(ERROR, "still busy"), (ERROR, "Application shutdown failed. Exiting.")]
        )

    def test_an_app_that_returns_early_does_not_hang_the_shutdown(self):
        self.assertFalse(self.run_app(leaves_after_startup).should_exit)

    def test_an_unknown_message_is_a_mistake_of_the_app(self):
        self.run_app(says_nonsense, "on")
        self.assertTrue(any("AssertionError" in text for text in self.lines()))
