"""Signals and interrupts: they reach the main thread, whatever it is doing, and no other."""

import _thread
import asyncio
import os
import signal
import threading
import time
import unittest


class Interrupts(unittest.TestCase):
    def setUp(self):
        self.interrupted = threading.Event()

    def interrupt_after(self, condition=None):
        """Interrupts the main thread when another thread has seen to it that it is busy."""

        def interrupt():
            time.sleep(0.01)
            _thread.interrupt_main()

        thread = threading.Thread(target=interrupt)
        thread.start()
        self.addCleanup(thread.join)

    def test_a_signal_that_comes_as_a_wait_ends_is_handled_before_the_thread_gets_far(self):
        for _ in range(20):
            thread = threading.Thread(target=_thread.interrupt_main)
            with self.assertRaises(KeyboardInterrupt):
                thread.start()
                thread.join()
            thread.join()

    def test_a_main_thread_that_computes_is_interrupted(self):
        self.interrupt_after()
        with self.assertRaises(KeyboardInterrupt):
            while True:
                pass

    def test_a_main_thread_that_sleeps_is_interrupted(self):
        self.interrupt_after()
        begun = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            time.sleep(60)
        self.assertLess(time.monotonic() - begun, 30)

    def test_a_main_thread_that_waits_for_a_lock_is_interrupted_and_does_not_get_it(self):
        lock = threading.Lock()
        lock.acquire()
        self.interrupt_after()
        with self.assertRaises(KeyboardInterrupt):
            lock.acquire()
        lock.release()
        self.assertTrue(lock.acquire(blocking=False))

    def test_a_main_thread_that_joins_is_interrupted(self):
        gate = threading.Event()
        thread = threading.Thread(target=gate.wait)
        thread.start()
        self.interrupt_after()
        with self.assertRaises(KeyboardInterrupt):
            thread.join()
        gate.set()
        thread.join()

    def test_a_handler_that_does_not_raise_lets_the_wait_go_on(self):
        seen = []
        before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
        try:
            threading.Thread(
                target=lambda: (time.sleep(0.01), os.kill(os.getpid(), signal.SIGUSR1))
            ).start()
            begun = time.monotonic()
            time.sleep(0.05)
            self.assertGreaterEqual(time.monotonic() - begun, 0.05)
        finally:
            signal.signal(signal.SIGUSR1, before)
        self.assertEqual(seen, [signal.SIGUSR1])

    def test_what_the_main_thread_sends_itself_is_handled_before_it_goes_on(self):
        order = []
        before = signal.signal(signal.SIGUSR1, lambda number, frame: order.append("handled"))
        try:
            for send in (
                lambda: signal.raise_signal(signal.SIGUSR1),
                lambda: os.kill(os.getpid(), signal.SIGUSR1),
                lambda: _thread.interrupt_main(signal.SIGUSR1),
            ):
                send()
                order.append("on")
        finally:
            signal.signal(signal.SIGUSR1, before)
        self.assertEqual(order, ["handled", "on"] * 3)

    def test_a_signal_that_is_ignored_does_nothing(self):
        before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.001)
        finally:
            signal.signal(signal.SIGUSR1, before)

    def test_only_the_main_thread_sets_handlers(self):
        seen = []

        def attempt():
            try:
                signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            except ValueError as error:
                seen.append(str(error))

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        self.assertEqual(seen, ["signal only works in main thread of the main interpreter"])

    def test_with_blocks_leave_their_locks_free_wherever_the_interrupt_lands(self):
        lock = threading.Lock()
        for _ in range(30):
            # No Event: its own lock is taken in Python, where an interrupt may leave it taken, here
            # as natively.
            stop = []

            def interrupt(stop=stop):
                while not stop:
                    time.sleep(0.001)
                    _thread.interrupt_main()

            thread = threading.Thread(target=interrupt)
            try:
                thread.start()
                while True:
                    with lock:
                        pass
            except KeyboardInterrupt:
                pass
            while not stop or thread.is_alive():
                try:
                    stop.append(True)
                    thread.join()
                except KeyboardInterrupt:
                    pass
            try:
                time.sleep(0.001)
            except KeyboardInterrupt:
                pass
            self.assertFalse(lock.locked())


class InAsyncio(unittest.TestCase):
    def test_an_interrupt_cancels_the_main_task_and_comes_out_of_run(self):
        seen = []

        async def main():
            thread = threading.Thread(target=lambda: (time.sleep(0.01), _thread.interrupt_main()))
            thread.start()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
            finally:
                thread.join()

        with self.assertRaises(KeyboardInterrupt):
            asyncio.run(main())
        self.assertEqual(seen, ["cancelled"])

    def test_a_loops_signal_handler_runs_in_the_loop(self):
        async def main():
            loop = asyncio.get_running_loop()
            arrived = asyncio.Event()
            loop.add_signal_handler(signal.SIGUSR1, arrived.set)
            os.kill(os.getpid(), signal.SIGUSR1)
            await arrived.wait()
            self.assertTrue(loop.remove_signal_handler(signal.SIGUSR1))
            self.assertFalse(loop.remove_signal_handler(signal.SIGUSR1))

        asyncio.run(main())
