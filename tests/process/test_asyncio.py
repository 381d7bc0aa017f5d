"""asyncio on our selector: one loop for each thread, and its run() blocks."""

import asyncio
import threading
import time
import unittest


class Loops(unittest.TestCase):
    def test_tasks_of_a_loop_sleep_at_once(self):
        order = []

        async def sleeper(name, delay):
            await asyncio.sleep(delay)
            order.append(name)

        async def main():
            await asyncio.gather(sleeper("late", 0.03), sleeper("early", 0.01))

        asyncio.run(main())
        self.assertEqual(order, ["early", "late"])

    def test_a_loop_that_was_stopped_before_it_ran_turns_once(self):
        turns = []
        loop = asyncio.new_event_loop()
        loop.call_soon(turns.append, "first")
        loop.call_soon(lambda: loop.call_soon(turns.append, "second"))
        loop.stop()
        loop.run_forever()
        self.assertEqual(turns, ["first"])
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        self.assertEqual(turns, ["first", "second"])

    def test_each_thread_has_a_loop_of_its_own(self):
        loops = set()

        async def main():
            loops.add(asyncio.get_running_loop())
            await asyncio.sleep(0.01)

        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(loops), 3)

    def test_a_blocking_call_in_a_coroutine_blocks_its_own_loop_and_nothing_else(self):
        order = []

        async def blocks():
            asyncio.get_running_loop().call_later(0.001, order.append, "timer of the blocked loop")
            while "other loop" not in order:
                time.sleep(0.002)
            order.append("blocked")
            await asyncio.sleep(0.002)

        async def other():
            await asyncio.sleep(0.01)
            order.append("other loop")

        threads = [
            threading.Thread(target=lambda main=main: asyncio.run(main()))
            for main in (blocks, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(order, ["other loop", "blocked", "timer of the blocked loop"])

    def test_blocking_calls_in_threads_overlap(self):
        # Nobody passes before all are there.
        barrier = threading.Barrier(5)

        async def main():
            await asyncio.gather(*(asyncio.to_thread(barrier.wait) for _ in range(5)))

        asyncio.run(main())
        self.assertFalse(barrier.broken)

    def test_other_threads_call_into_a_loop(self):
        async def answer():
            return threading.current_thread().name

        async def main():
            loop = asyncio.get_running_loop()
            called = asyncio.Event()
            results = []

            def other():
                loop.call_soon_threadsafe(called.set)
                results.append(asyncio.run_coroutine_threadsafe(answer(), loop).result())

            thread = threading.Thread(target=other)
            thread.start()
            await called.wait()
            while thread.is_alive():
                await asyncio.sleep(0.001)
            self.assertEqual(results, ["MainThread"])

        asyncio.run(main())

    def test_time_outs_cancel_and_groups_collect(self):
        async def main():
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(0.005):
                    await asyncio.sleep(60)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(asyncio.sleep(0.001, n)) for n in range(3)]
            self.assertEqual([task.result() for task in tasks], [0, 1, 2])

        asyncio.run(main())

    def test_a_handle_in_debug_mode_says_who_called(self):
        async def main():
            handle = asyncio.get_running_loop().call_soon(print)
            handle.cancel()
            return handle._source_traceback[-1]

        self.assertEqual(asyncio.run(main(), debug=True).name, "main")

    def test_a_loop_in_debug_mode_names_what_blocked_it(self):
        async def main():
            time.sleep(0.15)

        with self.assertLogs("asyncio", "WARNING") as logs:
            asyncio.run(main(), debug=True)
        self.assertIn("took 0.1", logs.output[0])
