# gunicorn's configuration with hooks that take their time.
import time

accesslog = None


def pre_request(worker, req):
    if req.path == "/fast":
        time.sleep(1)


def child_exit(server, worker):
    time.sleep(1)
