# WSGI: an app whose status tells what a fork made of what was there at import.
import os
import threading
import time

IMPORTED_BY = os.getpid()
HOOKS = []
THREAD = threading.Thread(target=time.sleep, args=(1000,), daemon=True)
THREAD.start()
os.register_at_fork(after_in_child=lambda: HOOKS.append("child"))


def app(environ, start_response):
    match environ["PATH_INFO"]:
        case "/importer":
            ours = {os.getpid(): "201 Mine", os.getppid(): "202 Parent"}
            status = ours.get(IMPORTED_BY, "203 Another")
        case "/thread":
            status = "201 Alive" if THREAD.is_alive() else "202 Dead"
        case "/hooks":
            status = "201 None" if not HOOKS else "202 Called"
        case _:
            status = "200 OK"
    body = f"{os.getpid()}/x".encode()
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]


application = app
