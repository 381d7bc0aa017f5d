"""The same from a WSGI app: a request that is held holds a thread. With one sync worker nobody is
left to take the message.
"""

import threading

from flask import Flask, request

app = Flask(__name__)
news = threading.Condition()
messages = []


@app.get("/next")
def next_message():
    with news:
        seen = len(messages)
        if not news.wait_for(lambda: len(messages) > seen, timeout=10):
            return "", 204
        return messages[-1]


@app.post("/messages")
def post():
    with news:
        messages.append(request.get_data(as_text=True))
        news.notify_all()
    return "ok\n"
