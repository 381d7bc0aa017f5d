"""The same from a WSGI app. A sync worker has one thread: while one client listens, nobody else is
answered.
"""

import os
import time

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def index():
    return f"from process {os.getpid()}\n"


@app.get("/events")
def events():
    def stream():
        for number in range(1, 11):
            now = time.strftime("%H:%M:%S")
            yield f"id: {number}\nevent: tick\ndata: {now} from process {os.getpid()}\n\n"
            time.sleep(0.5)
        yield "data: that was all\n\n"

    return Response(stream(), mimetype="text/event-stream")
