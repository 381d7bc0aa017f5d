import os
import threading
import time

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.get("/")
def index():
    return """<!doctype html>
<title>Flask</title>
<h1>Hello from Flask</h1>
<p>This page was made in your browser.</p>
"""


@app.get("/sleep")
def sleep():
    """Waits: only another worker or thread can serve somebody else meanwhile."""
    time.sleep(0.5)
    return jsonify(served_by=who())


@app.get("/cpu")
def cpu():
    """Computes: threads share one GIL, processes have one each."""
    x = 0
    for i in range(3_000_000):
        x = (x * 31 + i) % 1_000_003
    return jsonify(served_by=who(), result=x)


@app.get("/stream")
def stream():
    def parts():
        for i in range(5):
            yield f"data: part {i}\n\n"
            time.sleep(0.2)

    return Response(parts(), mimetype="text/event-stream")


@app.post("/upload")
def upload():
    return jsonify(served_by=who(), bytes=len(request.get_data()))


counter = 0


@app.get("/count")
def count():
    """Every process counts for itself."""
    global counter
    counter += 1
    return jsonify(served_by=who(), count=counter)


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"
