"""An ASGI app that does what the request says: `do=A.B.C` in the query, one thing after the other.

Without more it answers with its scope; a WebSocket is echoed. See `docs/conformance.md`.
"""

import asyncio
import json
import re
import sys
from typing import Any

HERE: dict[int, int] = {}
MET: dict[int, asyncio.Event] = {}
HEADS: dict[str, list[Any]] = {
    "close": [(b"connection", b"close")],
    "keep": [(b"connection", b"keep-alive")],
    "te": [(b"transfer-encoding", b"chunked")],
    "upgrade": [(b"upgrade", b"x")],
    "date": [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")],
    "server": [(b"server", b"mine")],
    "newline": [(b"x-bad", b"a\nInjected: 1")],
    "cr": [(b"x-bad", b"a\rb")],
    "nul": [(b"x-bad", b"a\0b")],
    "space": [(b"x bad", b"1")],
    "colon": [(b"x-bad:", b"1")],
    "noname": [(b"", b"1")],
    "latin": [(b"x-latin", b"\xe4")],
    "long": [(b"x-long", b"v" * 9000)],
    "cookies": [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
    "case": [(b"x-lOWER", b"  spaced  ")],
    "type": [(b"Content-Type", b"text/html")],
    "str": [("x-str", "1")],
    "none": [(b"x-none", None)],
    "pseudo": [(b":x", b"1")],
}
LENGTHS = {"x": [b"x"], "empty": [b""], "twice": [b"3", b"3"], "minus": [b"-1"]}


def plain(value: Any) -> Any:
    """What JSON can hold of a value."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return [type(value).__name__, bytes(value).decode("latin-1")]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


def shown(scope: dict[str, Any]) -> dict[str, Any]:
    """A scope without what differs from run to run."""
    known = {key: plain(value) for key, value in sorted(scope.items())}
    client = known.get("client")
    if isinstance(client, list) and len(client) == 2 and client[1]:
        known["client"] = [client[0], "PORT"]
    return known


def words(scope: dict[str, Any]) -> list[str]:
    """What is to be done."""
    query = scope.get("query_string", b"").decode("latin-1")
    found = re.search(r"(?:^|[&?])do=([\w.-]*)", query)
    return [word for word in found[1].split(".") if word] if found else []


def event(message: Any) -> Any:
    """An event in short."""
    if not isinstance(message, dict):
        return plain(message)
    known = plain(message)
    for key in ("body", "bytes", "text"):
        value = message.get(key)
        if isinstance(value, (bytes, str)) and len(value) > 40:
            known[key] = [len(value), repr(value[:20])]
    return known


class Answer:
    """The state of one request."""

    def __init__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope, self.receive, self.given = scope, receive, send
        self.status: Any = 200
        self.headers: list[Any] = [(b"content-type", b"text/plain")]
        self.notes: list[Any] = []
        self.started = self.ended = self.output = False

    async def send(self, message: Any) -> None:
        await self.given(message)

    async def start(self) -> None:
        self.started = True
        message = {"type": "http.response.start", "status": self.status}
        await self.send({**message, "headers": self.headers})

    async def body(self, body: Any, more: bool) -> None:
        if not self.started:
            await self.start()
        self.output = True
        self.ended = self.ended or not more
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def read(self, most: int) -> bytes:
        """The body, which takes so many events at most."""
        data, count = b"", 0
        while count < most:
            message = await self.receive()
            count += 1
            if message["type"] == "http.disconnect":
                self.notes.append("disconnect")
                return data
            data += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.notes.append([len(data), repr(data[:40])])
        return data

    async def do(self, word: str) -> None:
        """Does one thing."""
        name, _, rest = word.partition("-")
        number = int(rest) if rest.isdigit() else 0
        match name:
            case "read":
                await self.read(1 << 20)
            case "receive":
                try:
                    message = await asyncio.wait_for(self.receive(), 0.05)
                except TimeoutError:
                    self.notes.append("nothing")
                else:
                    self.notes.append(message["type"])
            case "status":
                self.status = {"str": "200", "none": None}.get(rest, number)
            case "head":
                self.headers.extend(HEADS[rest])
            case "len":
                for value in LENGTHS.get(rest, [rest.encode()]):
                    self.headers.append((b"content-length", value))
            case "raise":
                raise ValueError("asked to")
            case "cancel":
                raise asyncio.CancelledError
            case "print":
                print("printed", file=sys.stderr, flush=True)
            case "nostart":
                self.started = True
            case "twice" | "again":
                await self.start()
                await self.start()
            case "late":
                await asyncio.sleep(0)
            case "echo":
                await self.body(await self.read(1 << 20), True)
            case "chunk" | "empty" | "str" | "body":
                values: dict[str, Any] = {"empty": b"", "str": "text"}
                await self.body(values.get(name, b"c" * number), True)
            case "end":
                await self.body(b"end", False)
            case "unknown":
                await self.send({"type": "http.unknown"})
            case "notype":
                await self.send({})
            case "order":
                await self.send({"type": "http.response.body", "body": b"early"})
            case "after":
                await self.body(b"end", False)
                await self.send({"type": "http.response.body", "body": b"after"})
            case "trailers":
                await self.send({"type": "http.response.trailers", "headers": []})
            case "early":
                await self.send({"type": "http.response.early_hint", "links": [b"</x>"]})
            case "push":
                await self.send({"type": "http.response.push", "path": "/x", "headers": []})

    async def run(self, todo: list[str]) -> Any:
        # Heads belong to the start, wherever they stand.
        todo.sort(key=lambda word: not word.startswith(("head-", "len-")))
        for word in todo:
            await self.do(word)
        if "noend" in todo:
            return
        if not self.started:
            shape = {"scope": shown(self.scope), "notes": self.notes}
            body = json.dumps(shape).encode()
            self.headers.append((b"content-length", str(len(body)).encode()))
            await self.body(body, False)
        elif not self.ended:
            await self.body(b"" if self.output else b"body", False)
        if "return-value" in todo:
            return 5


async def held(count: int, send: Any) -> None:
    """Answers when as many requests are here at once as it says."""
    HERE[count] = HERE.get(count, 0) + 1
    met = MET.setdefault(count, asyncio.Event())
    if HERE[count] == count:
        met.set()
    try:
        await asyncio.wait_for(met.wait(), 5)
        body = b"met"
    except TimeoutError:
        body = b"missed"
    HERE.pop(count, None)
    MET.pop(count, None)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


WEBSOCKET_HEADS: dict[str, list[Any]] = {
    "plain": [(b"x-a", b"1")],
    "bad": [(b"x a", b"1\r\nb: 2")],
    "str": [("x-a", "1")],
    "protocol": [(b"sec-websocket-protocol", b"b")],
}


async def websocket(scope: Any, receive: Any, send: Any, todo: list[str]) -> Any:
    """Does what is asked on a WebSocket; then sends each message back until it ends."""
    protocol: Any = None
    headers: list[Any] = []

    async def note(message: Any) -> None:
        await send({"type": "websocket.send", "text": json.dumps(event(message))})

    async def echo() -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                shape = {key: message.get(key) for key in ("code", "reason")}
                print("left", json.dumps(shape), file=sys.stderr, flush=True)
                return
            same = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
            await send({"type": "websocket.send", **same})

    async def accept() -> None:
        shape: dict[str, Any] = {"type": "websocket.accept"}
        if protocol is not None:
            shape["subprotocol"] = protocol
        if headers:
            shape["headers"] = headers
        await send(shape)

    for word in todo:
        name, _, rest = word.partition("-")
        number = int(rest) if rest.isdigit() else 0
        match name:
            case "connect":
                await receive()
            case "protocol":
                protocol = {"first": (scope["subprotocols"] or [None])[0], "x": "x"}.get(rest)
            case "head":
                headers.extend(WEBSOCKET_HEADS.get(rest, []))
            case "accept":
                await accept()
            case "scope":
                await note(shown(scope))
            case "text":
                await send({"type": "websocket.send", "text": "t" * number})
            case "binary":
                await send({"type": "websocket.send", "bytes": b"b" * number})
            case "both":
                await send({"type": "websocket.send", "bytes": b"b", "text": "t"})
            case "neither":
                await send({"type": "websocket.send"})
            case "wrong":
                await send({"type": "websocket.send", "text": b"b"})
            case "receive":
                await note(await receive())
            case "close":
                await send({"type": "websocket.close"})
            case "code":
                await send({"type": "websocket.close", "code": number, "reason": "why"})
            case "respond":
                start = {"type": "websocket.http.response.start", "status": 401}
                await send({**start, "headers": [(b"x-a", b"1")]})
                more = {"type": "websocket.http.response.body", "more_body": True}
                await send({**more, "body": b"no"})
                await send({"type": "websocket.http.response.body", "body": b"!"})
            case "unknown":
                await send({"type": "websocket.unknown"})
            case "raise":
                raise ValueError("asked to")
            case "return":
                return
            case "echo":
                await echo()
    return


async def app(scope: Any, receive: Any, send: Any) -> Any:
    """The ASGI callable."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return None
    todo = words(scope)
    if scope["type"] == "websocket":
        usual = ["connect", "accept", "echo"]
        return await websocket(scope, receive, send, todo or usual)
    if todo[:1] == ["held"]:
        return await held(int(todo[1]), send)
    return await Answer(scope, receive, send).run(todo)
