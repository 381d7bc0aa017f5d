"""Threads of a process: they really wait, really exclude each other, and one runs at a time."""

import _thread
import contextvars
import functools
import gc
import importlib
import json
import queue
import sys
import threading
import time
import traceback
import unittest
import weakref
from concurrent.futures import ThreadPoolExecutor


def run_all(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Overlap(unittest.TestCase):
    def test_sleeps_of_several_threads_overlap(self):
        order = []

        def sleeper(name):
            order.append(f"{name} begins")
            time.sleep(0.05)
            order.append(f"{name} ends")

        run_all(lambda: sleeper("a"), lambda: sleeper("b"))
        self.assertEqual(order, ["a begins", "b begins", "a ends", "b ends"])

    def test_a_thread_that_computes_lets_another_that_computes_run_too(self):
        alternations = []
        stop = threading.Event()

        def compute(name):
            while not stop.is_set():
                if not alternations or alternations[-1] != name:
                    alternations.append(name)
                    if len(alternations) > 6:
                        stop.set()

        run_all(lambda: compute("a"), lambda: compute("b"))
        self.assertGreater(len(alternations), 6)

    def test_a_sleeper_wakes_beside_a_thread_that_computes(self):
        woken = threading.Event()

        def sleeper():
            time.sleep(0.01)
            woken.set()

        def compute():
            while not woken.is_set():
                pass

        run_all(compute, sleeper)
        self.assertTrue(woken.is_set())

    def test_a_pool_serves_more_calls_than_it_has_threads(self):
        with ThreadPoolExecutor(3) as pool:
            self.assertEqual(list(pool.map(lambda x: x * x, range(10))), [x * x for x in range(10)])

    def test_a_thousand_threads_live_at_once(self):
        gate = threading.Event()
        count = 1000
        threads = [threading.Thread(target=gate.wait) for _ in range(count)]
        for thread in threads:
            thread.start()
        self.assertEqual(threading.active_count(), count + 1)
        gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual(threading.active_count(), 1)


class Locks(unittest.TestCase):
    def test_a_lock_excludes_threads_that_are_preempted_while_they_hold_it(self):
        lock = threading.Lock()
        inside = 0
        worst = 0

        def work():
            nonlocal inside, worst
            for _ in range(20):
                with lock:
                    inside += 1
                    worst = max(worst, inside)
                    sum(range(5000))
                    inside -= 1

        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.0001)
        try:
            run_all(work, work, work)
        finally:
            sys.setswitchinterval(interval)
        self.assertEqual(worst, 1)

    def test_waiters_get_a_lock_in_the_order_in_which_they_came(self):
        lock = threading.Lock()
        lock.acquire()
        order = []

        def take(name):
            with lock:
                order.append(name)

        threads = [threading.Thread(target=take, args=(name,)) for name in range(5)]
        for thread in threads:
            thread.start()
        time.sleep(0.005)
        lock.release()
        for thread in threads:
            thread.join()
        self.assertEqual(order, list(range(5)))

    def test_a_wait_for_a_lock_gives_up_at_its_time(self):
        lock = threading.Lock()
        lock.acquire()
        begun = time.monotonic()
        self.assertFalse(lock.acquire(timeout=0.02))
        self.assertGreaterEqual(time.monotonic() - begun, 0.02)

    def test_a_lock_that_is_not_held_cannot_be_released(self):
        for kind, error in (
            (threading.Lock, "release unlocked lock"),
            (threading.RLock, "cannot release un-acquired lock"),
        ):
            with self.assertRaisesRegex(RuntimeError, error):
                kind().release()

    def test_an_rlock_belongs_to_its_thread(self):
        lock = threading.RLock()
        seen = []
        with lock, lock:
            run_all(lambda: seen.append(lock.acquire(blocking=False)))
        run_all(lambda: seen.append(lock.acquire(blocking=False)))
        self.assertEqual(seen, [False, True])

    def test_a_condition_wakes_as_many_as_it_is_told_to(self):
        condition = threading.Condition()
        waiting = threading.Semaphore(0)
        woken = []

        def wait(name):
            with condition:
                waiting.release()
                condition.wait()
                woken.append(name)

        threads = [threading.Thread(target=wait, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        for _ in threads:
            waiting.acquire()
        with condition:
            condition.notify(2)
        for thread in threads[:2]:
            thread.join()
        self.assertEqual(woken, [0, 1])
        with condition:
            condition.notify_all()
        threads[2].join()

    def test_a_queue_hands_items_from_thread_to_thread(self):
        for kind in (queue.Queue, queue.SimpleQueue):
            items = kind()
            got = []

            def take(items=items, got=got):
                while (item := items.get()) is not None:
                    got.append(item)

            def put(items=items):
                for item in [*range(50), None]:
                    items.put(item)

            run_all(take, put)
            self.assertEqual(got, list(range(50)))

    def test_whoever_imports_the_queue_of_c_anew_gets_one_that_holds_up_no_other_thread(self):
        kept = sys.modules.pop("_queue")
        try:
            items = importlib.import_module("_queue").SimpleQueue()
        finally:
            sys.modules["_queue"] = kept
        got = []
        run_all(lambda: got.append(items.get()), lambda: (time.sleep(0.001), items.put(1)))
        self.assertEqual(got, [1])

    def test_the_first_to_wait_at_a_simple_queue_is_the_first_to_get(self):
        items = queue.SimpleQueue()
        got = []
        threads = [
            threading.Thread(target=lambda n=n: got.append((n, items.get()))) for n in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.001)
        for item in "abc":
            items.put(item)
        for thread in threads:
            thread.join()
        self.assertEqual(got, [(0, "a"), (1, "b"), (2, "c")])
        with self.assertRaises(queue.Empty):
            items.get(timeout=0.001)


class Identity(unittest.TestCase):
    def test_each_thread_has_an_identity_and_a_frame_of_its_own(self):
        gate = threading.Event()
        threads = [threading.Thread(target=gate.wait, name=name) for name in "ab"]
        for thread in threads:
            thread.start()
        frames = sys._current_frames()
        self.assertEqual(len({threading.get_ident(), *(thread.ident for thread in threads)}), 3)
        for thread in threads:
            self.assertIn(thread.ident, frames)
        gate.set()
        for thread in threads:
            thread.join()

    def test_what_is_local_to_a_thread_is_unknown_to_others_and_goes_with_it(self):
        local = threading.local()
        local.value = "main"
        seen = []

        class Thing:
            pass

        def use():
            seen.append(getattr(local, "value", None))
            local.value = Thing()
            references.append(weakref.ref(local.value))

        references = []
        run_all(use, use)
        gc.collect()
        self.assertEqual((seen, local.value), ([None, None], "main"))
        self.assertEqual([reference() for reference in references], [None, None])

    def test_context_variables_are_the_threads_own(self):
        variable = contextvars.ContextVar("variable", default=0)
        variable.set(1)
        seen = []

        def use():
            seen.append(variable.get())
            variable.set(5)
            time.sleep(0.001)
            seen.append(variable.get())

        run_all(use)
        self.assertEqual((seen, variable.get()), ([0, 5], 1))

    def test_each_thread_has_a_recursion_limit_of_its_own(self):
        def deep(levels):
            return 0 if not levels else 1 + deep(levels - 1)

        seen = {"first": [], "second": []}

        def fall(name):
            try:
                deep(10**6)
            except RecursionError:
                seen[name].append("too deep")
            seen[name].append(deep(100))

        run_all(functools.partial(fall, "first"), functools.partial(fall, "second"))
        self.assertEqual(seen, {"first": ["too deep", 100], "second": ["too deep", 100]})


class Memory(unittest.TestCase):
    def test_the_garbage_collector_looks_at_the_frames_of_threads_that_wait(self):
        gate = threading.Event()

        def wait(levels):
            """Waits below several calls from C into Python, whose frames are on the thread's C
            stack.
            """
            return sorted([1], key=lambda _: wait(levels - 1)) if levels else gate.wait()

        threads = [threading.Thread(target=wait, args=(10,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            sorted(range(3), key=lambda _: gc.collect())
        depths = {
            len(list(traceback.walk_stack(frame))) for frame in sys._current_frames().values()
        }
        gate.set()
        for thread in threads:
            thread.join()
        self.assertGreater(max(depths), 20)

    def test_collections_that_allocations_begin_find_the_stacks_of_others_whole(self):
        class Pair(tuple):
            def __new__(cls, value):
                return tuple.__new__(cls, value)

            def __init__(self, value):
                self.name = None

        class Caller:
            def __call__(self, *args, **kwargs):
                calls.append(Pair((args, kwargs)))

        calls = []
        call = Caller()
        thread = threading.Thread(target=lambda: [time.sleep(0) for _ in range(50)])
        thread.start()
        while thread.is_alive():
            call(1)
        self.assertTrue(calls)

    def test_recursion_in_c_ends_in_an_error_before_a_stack_does(self):
        nested = []
        for _ in range(4500):
            nested = [nested]
        seen = []

        def encode():
            try:
                json.dumps(nested)
            except RecursionError:
                seen.append("too deep")

        run_all(encode)
        encode()
        self.assertEqual(seen, ["too deep"] * 2)


class Errors(unittest.TestCase):
    def test_an_exception_in_a_thread_goes_to_the_hook_and_to_nobody_else(self):
        seen = []
        before = threading.excepthook
        threading.excepthook = lambda args: seen.append((args.exc_type, args.thread.name))
        try:
            thread = threading.Thread(target=lambda: 1 / 0, name="broken")
            thread.start()
            thread.join()
        finally:
            threading.excepthook = before
        self.assertEqual(seen, [(ZeroDivisionError, "broken")])

    def test_an_exception_in_a_bare_thread_is_unraisable(self):
        seen = []
        before = sys.unraisablehook
        sys.unraisablehook = lambda args: seen.append((args.exc_type, args.err_msg))
        ended = threading.Event()

        def fail():
            ended.set()
            raise ValueError

        try:
            _thread.start_new_thread(fail, ())
            ended.wait()
            while _thread._count():
                time.sleep(0.001)
        finally:
            sys.unraisablehook = before
        self.assertEqual(seen, [(ValueError, f"Exception ignored in thread started by {fail!r}")])

    def test_system_exit_ends_its_thread_only(self):
        run_all(sys.exit)

    def test_a_thread_does_not_wait_for_itself(self):
        seen = []

        def join():
            try:
                threading.current_thread().join()
            except RuntimeError as error:
                seen.append(str(error))

        run_all(join)
        self.assertEqual(seen, ["cannot join current thread"])
