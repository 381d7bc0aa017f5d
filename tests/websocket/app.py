"""A bare ASGI app that does what a script says: the query string names it.

It notes what ``receive()`` gives and what ``send()`` raises, so that a recording of a real server
holds both sides of a connection. See ``record.py``.
"""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

NOTES: dict[str, list[Any]] = {}
PAUSE = 1.7 * float(os.environ.get("WEBSOCKET_QUIET", "0.12"))
"""Seconds until after the client's next step: more than the recorder's ``QUIET``, less than two."""


def plain(value: Any) -> Any:
    """JSON for an event or a scope: bytes are ``{"$b": latin-1}``, an app's state is left out."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$b": bytes(value).decode("latin-1")}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "state"}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def revived(value: Any) -> Any:
    """The reverse of :func:`plain`; ``{"$repeat": [text, times]}`` is a long text."""
    if isinstance(value, dict):
        if set(value) == {"$b"}:
            return value["$b"].encode("latin-1")
        if set(value) == {"$repeat"}:
            text, times = value["$repeat"]
            return text * times
        return {key: revived(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revived(item) for item in value]
    return value


async def run(script: list[Any], scope: Any, receive: Any, send: Any, notes: list[Any]) -> Any:
    """Does what a script says."""
    for operation in script:
        match operation:
            case ["scope"]:
                notes.append(["scope", list(scope), plain(scope)])
            case ["receive"]:
                notes.append(["got", plain(await receive())])
            case ["send", message]:
                await note_send(send, revived(message), notes)
            case ["try", message]:
                with suppress(Exception):
                    await note_send(send, revived(message), notes)
            case ["pause"]:
                await asyncio.sleep(PAUSE)
            case ["echo"]:
                await echo(receive, send, notes)
            case ["raise", message]:
                raise ValueError(message)
            case ["return", value]:
                return value
    return None


async def note_send(send: Any, message: Any, notes: list[Any]) -> None:
    """Sends, and notes how that ended."""
    try:
        await send(message)
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__[:-2]]
        notes.append(["raised", kinds, str(error)])
        raise
    notes.append(["sent"])


async def echo(receive: Any, send: Any, notes: list[Any]) -> None:
    """Accepts, and sends every message back until the client has gone."""
    while True:
        message = await receive()
        notes.append(["got", plain(message)])
        if message["type"] == "websocket.disconnect":
            return
        if message["type"] == "websocket.connect":
            await note_send(send, {"type": "websocket.accept"}, notes)
        else:
            content = {key: message[key] for key in ("text", "bytes") if key in message}
            await note_send(send, {"type": "websocket.send", **content}, notes)


SCRIPTS: dict[str, list[Any]] = json.loads(Path("scripts.json").read_text())


async def app(scope: Any, receive: Any, send: Any) -> Any:
    """The ASGI callable."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return None
    name = scope["query_string"].decode()
    if scope["path"] == "/notes":
        body = json.dumps(NOTES.get(name, [])).encode()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})
        return None
    notes = NOTES.setdefault(name, [])
    try:
        if scope["type"] == "http":
            notes.append(["http", scope["method"], scope["path"]])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"http"})
            return None
        return await run(SCRIPTS[name], scope, receive, send, notes)
    finally:
        notes.append(["end"])
