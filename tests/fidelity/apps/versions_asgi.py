# ASGI: an app whose status tells which version of it answers. Scenarios replace it by one that
# answers 201.
import os


async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = f"{os.getpid()}/x".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
