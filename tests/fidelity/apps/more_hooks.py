# gunicorn's configuration with hooks that take their time, after requests and at the end of
# workers.
import time

workers = 1


def post_request(worker, req, environ, resp):
    if req.path == "/fast":
        time.sleep(0.5)


def worker_exit(server, worker):
    time.sleep(0.5)


def post_fork(server, worker):
    time.sleep(0.5)
