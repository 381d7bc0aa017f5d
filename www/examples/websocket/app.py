"""A chat: what one client says, all hear. Choose WebSocket as the method, connect a few at once,
and send a message on one of them.
"""

import asyncio
import os

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

# Who is in the room of this process: with --workers 2 there are two.
room = set()


async def say(text):
    # One who has just left is no reason to keep it from the others.
    await asyncio.gather(*(client.send_text(text) for client in room), return_exceptions=True)


async def chat(socket: WebSocket):
    await socket.accept()
    room.add(socket)
    name = f"{socket.client.port}"
    try:
        await say(f"{name} joined: {len(room)} in the room of process {os.getpid()}")
        async for text in socket.iter_text():
            await say(f"{name}: {text}")
    finally:
        room.discard(socket)
        await say(f"{name} left")


async def echo(socket: WebSocket):
    """Whatever comes goes back: text as text, bytes as bytes."""
    await socket.accept()
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            if message.get("bytes") is not None:
                await socket.send_bytes(message["bytes"])
            else:
                await socket.send_text(message["text"])
    except WebSocketDisconnect:
        pass


async def refuse(socket: WebSocket):
    """Closed before it is accepted: the client's handshake is answered with 403."""
    await socket.close()


async def index(request):
    return PlainTextResponse(f"{len(room)} in the room of process {os.getpid()}\n")


app = Starlette(
    routes=[
        Route("/", index),
        WebSocketRoute("/chat", chat),
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/refuse", refuse),
    ]
)
