# WSGI: handlers that end their process, or try to.
import os
import signal
import sys
import time

from common import U, who


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        os._exit(1)
    elif path == "/exit-late":
        time.sleep(U)
        os._exit(1)
    elif path == "/sysexit":
        sys.exit(1)
    elif path == "/kill":
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(U)
    elif path == "/term":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(U)
    elif path == "/hup-parent":
        os.kill(os.getppid(), signal.SIGHUP)
    elif path == "/interrupt":
        raise KeyboardInterrupt
    elif path == "/recursion":
        return app({**environ}, start_response)
    elif path == "/boom":
        raise RuntimeError("boom")
    elif path == "/sleep":
        time.sleep(U)
    elif path == "/after-chunk":
        start_response("200 OK", [("Content-Type", "text/plain")])

        def parts():
            yield who().encode()
            time.sleep(U)
            os._exit(1)

        return parts()
    body = who().encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
