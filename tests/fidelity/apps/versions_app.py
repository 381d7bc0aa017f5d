# WSGI: an app whose status tells which version of it answers. Scenarios replace it by one that
# answers 201.
import os


def app(environ, start_response):
    body = f"{os.getpid()}/x".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
