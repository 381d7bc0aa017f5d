# WSGI: threads that wait for each other.
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from common import U, busy, who

LOCK = threading.Lock()
CONDITION = threading.Condition()
SEMAPHORE = threading.Semaphore(2)
EVENT = threading.Event()
BARRIER = threading.Barrier(2)
LOCAL = threading.local()
JOBS = queue.Queue()
POOL = ThreadPoolExecutor(2)


def worker():
    while True:
        answer = JOBS.get()
        time.sleep(U)
        answer.put(None)


def ask_worker():
    if not any(thread.name == "jobs" for thread in threading.enumerate()):
        threading.Thread(target=worker, name="jobs", daemon=True).start()
    answer = queue.Queue()
    JOBS.put(answer)
    answer.get()


def under_lock():
    with LOCK:
        time.sleep(U)


def cpu_under_lock():
    with LOCK:
        busy()


def under_semaphore():
    with SEMAPHORE:
        time.sleep(U)


def wait_condition():
    with CONDITION:
        CONDITION.wait(2)


def notify_all():
    with CONDITION:
        CONDITION.notify_all()


def try_lock():
    if LOCK.acquire(timeout=U):
        time.sleep(2 * U)
        LOCK.release()


def spin():
    end = time.monotonic() + U
    while time.monotonic() < end:
        pass


def pool4():
    list(POOL.map(time.sleep, [U] * 4))


def timer():
    done = threading.Event()
    threading.Timer(U, done.set).start()
    done.wait()


def daemon():
    threading.Thread(target=time.sleep, args=(4 * U,), daemon=True).start()


def cpu_thread():
    threading.Thread(target=busy, daemon=True).start()


PATHS = {
    "/lock": under_lock,
    "/cpulock": cpu_under_lock,
    "/semaphore": under_semaphore,
    "/queue": ask_worker,
    "/wait": wait_condition,
    "/notify": notify_all,
    "/event": lambda: EVENT.wait(2),
    "/set": EVENT.set,
    "/barrier": lambda: BARRIER.wait(2),
    "/trylock": try_lock,
    "/pool4": pool4,
    "/timer": timer,
    "/daemon": daemon,
    "/cputhread": cpu_thread,
    "/spin": spin,
    "/sleep": lambda: time.sleep(U),
    "/cpu": busy,
}


def app(environ, start_response):
    PATHS.get(environ["PATH_INFO"], int)()
    body = who().encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
