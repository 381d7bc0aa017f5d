// WebSockets of unmodified apps, by the page's own client.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const BARE = `
async def app(scope, receive, send):
    if scope["type"] != "websocket":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body"})
        return
    assert (await receive())["type"] == "websocket.connect"
    if scope["path"] == "/no":
        await send({"type": "websocket.close"})
        return
    if scope["path"] == "/raise":
        raise ValueError("boom")
    subprotocol = next(iter(scope["subprotocols"]), None)
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("gone", message.get("code"), message.get("reason"), flush=True)
            return
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 3001, "reason": "as you wish"})
        elif message.get("text") == "large":
            await send({"type": "websocket.send", "bytes": bytes(range(256)) * 12_000})
        else:
            content = {key: message[key] for key in ("text", "bytes") if key in message}
            await send({"type": "websocket.send", **content})
`;

const STARLETTE = `
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

connected = set()

async def chat(websocket):
    await websocket.accept()
    connected.add(websocket)
    try:
        async for text in websocket.iter_text():
            for other in connected:
                await other.send_text(text)
    finally:
        connected.discard(websocket)
        print("left", len(connected), flush=True)

class Echo(WebSocketEndpoint):
    encoding = "json"

    async def on_receive(self, websocket, data):
        await websocket.send_json({"echo": data})

async def denied(websocket):
    await websocket.send_denial_response(PlainTextResponse("not you", status_code=401))

app = Starlette(routes=[
    WebSocketRoute("/chat", chat), WebSocketRoute("/echo", Echo), WebSocketRoute("/denied", denied),
])
`;

const FASTAPI = `
from fastapi import Depends, FastAPI, Query, WebSocket, WebSocketException

app = FastAPI()

async def user(websocket: WebSocket, token: str | None = Query(default=None)):
    if token is None:
        raise WebSocketException(code=1008, reason="no token")
    return token

@app.websocket("/items/{item}")
async def items(websocket: WebSocket, item: int, user: str = Depends(user)):
    await websocket.accept()
    while True:
        data = await websocket.receive_text()
        await websocket.send_text(f"{user} {item} {data}")
`;

const QUART = `
from quart import Quart, websocket

app = Quart(__name__)

@app.websocket("/ws")
async def ws():
    while True:
        await websocket.send(f"echo {await websocket.receive()}")
`;

const CHANNELS = `
import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer, WebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="a secret of this test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()

from django.core.asgi import get_asgi_application

urlpatterns = [path("", lambda request: HttpResponse("over HTTP"))]

class Chat(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)
        print("left", code, flush=True)

    async def receive_json(self, content):
        await self.channel_layer.group_send(self.room, {"type": "chat.said", "what": content})

    async def chat_said(self, event):
        await self.send_json(event["what"])

class Echo(WebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        self.send(text_data=text_data, bytes_data=bytes_data)

application = ProtocolTypeRouter({
    "http": get_asgi_application(),
    "websocket": URLRouter([path("chat/<room>/", Chat.as_asgi()), path("echo/", Echo.as_asgi())]),
})
`;

const page = await openPage({
  "bare.py": BARE,
  "star.py": STARLETTE,
  "fast.py": FASTAPI,
  "qu.py": QUART,
  "chan.py": CHANNELS,
});

/**
 * Sends messages on a new WebSocket, and what comes until as many have come, or it closes.
 * @param {import("../playground.js").RunningServer} server
 * @param {string} path
 * @param {(string | number[])[]} messages bytes as arrays
 * @param {{ protocols?: string[], expected?: number }} [options]
 */
function talk(server, path, messages, { protocols = [], expected = messages.length } = {}) {
  return server.run(async ({ server: running }, [at, all, offered, count]) => {
    const socket = running.webSocket(at, offered);
    socket.binaryType = "arraybuffer";
    /** @type {any[]} */
    const received = [];
    /** @type {string[]} */
    const errors = [];
    return new Promise((resolve) => {
      socket.onerror = (/** @type {any} */ event) => errors.push(event.message);
      socket.onopen = () => {
        for (const message of all)
          socket.send(typeof message === "string" ? message : new Uint8Array(message));
      };
      const report = (/** @type {any} */ close) =>
        resolve({ received, errors, close, protocol: socket.protocol });
      socket.onclose = ({ code, reason, wasClean }) => report({ code, reason, wasClean });
      socket.onmessage = ({ data }) => {
        received.push(typeof data === "string" ? data : [...new Uint8Array(data)].slice(0, 300));
        if (received.length === count) socket.close(3000, "done");
      };
    });
  }, /** @type {const} */ ([path, messages, protocols, expected]));
}

/** @typedef {{ received: any[], errors: string[], close: any, protocol: string }} Talk */

describe("WebSocket", { timeout: 120_000 }, () => {
  for (const command of [
    "uvicorn bare:app",
    "uvicorn --workers 2 bare:app",
    "uvicorn --ws-per-message-deflate false bare:app",
    "gunicorn -k uvicorn_worker.UvicornWorker bare:app",
  ]) {
    test(`messages go both ways: ${command}`, async () => {
      const server = await page.start(command);
      const said = /** @type {Talk} */ (
        await talk(server, "/ws?x=1", ["héllo", [0, 1, 255], ""], { protocols: ["chat", "other"] })
      );
      assert.deepEqual(said, {
        received: ["héllo", [0, 1, 255], ""],
        errors: [],
        close: { code: 3000, reason: "done", wasClean: true },
        protocol: "chat",
      });
      await server.logged(/ - "WebSocket \/ws\?x=1" \[accepted\]$/);
      await server.logged(/connection open$/);
      await server.logged(/gone 3000 done$/);
      await server.stop();
    });
  }

  test("a large message comes whole, and goes whole", async () => {
    const server = await page.start("uvicorn bare:app");
    const length = await server.run(async ({ server: running }) => {
      const socket = running.webSocket("/");
      socket.binaryType = "arraybuffer";
      const next = () =>
        new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
      await new Promise((resolve) => socket.addEventListener("open", resolve));
      socket.send("large");
      const { data } = /** @type {any} */ (await next());
      socket.send(data);
      const echoed = /** @type {any} */ (await next()).data;
      const same = new Uint8Array(echoed).every((byte, at) => byte === at % 256);
      socket.close();
      return same ? echoed.byteLength : -1;
    });
    assert.equal(length, 256 * 12_000);
    await server.stop();
  });

  test("the app closes with a code and a reason", async () => {
    const server = await page.start("uvicorn bare:app");
    const { close } = /** @type {Talk} */ (await talk(server, "/", ["close"]));
    assert.deepEqual(close, { code: 3001, reason: "as you wish", wasClean: true });
    await server.stop();
  });

  test("what the app or the server refuses is an error and 1006", async () => {
    const server = await page.start("uvicorn bare:app");
    for (const [path, status] of [
      ["/no", 403],
      ["/raise", 500],
    ]) {
      const { errors, close } = /** @type {Talk} */ (await talk(server, String(path), []));
      assert.deepEqual(errors, [`Unexpected response code: ${status}`]);
      assert.deepEqual(close, { code: 1006, reason: "", wasClean: false });
    }
    await server.logged(/ - "WebSocket \/no" 403$/);
    await server.logged(/connection rejected \(403 Forbidden\)$/);
    await server.logged(/^ValueError: boom$/);
    await server.stop();
  });

  test("a server that stops closes with 1012", async () => {
    const server = await page.start("uvicorn bare:app");
    const closed = server.run(async ({ server: running }) => {
      const socket = running.webSocket("/");
      await new Promise((resolve) => socket.addEventListener("open", resolve));
      const close = new Promise((resolve) => socket.addEventListener("close", resolve));
      await running.stop();
      const { code, wasClean } = /** @type {any} */ (await close);
      return { code, wasClean };
    });
    assert.deepEqual(await closed, { code: 1012, wasClean: true });
    await server.logged(/gone 1012 None$/);
  });

  test("--ws none makes it an ordinary request", async () => {
    const server = await page.start("uvicorn --ws none bare:app");
    const { errors } = /** @type {Talk} */ (await talk(server, "/", []));
    assert.deepEqual(errors, ["Unexpected response code: 404"]);
    await server.logged(/No supported WebSocket library detected\./);
    await server.stop();
  });

  test("Starlette: a chat, an endpoint, a denial", async () => {
    const server = await page.start("uvicorn star:app");
    const heard = await server.run(async ({ server: running }) => {
      const open = async () => {
        const socket = running.webSocket("/chat");
        /** @type {string[]} */
        const texts = [];
        socket.onmessage = ({ data }) => texts.push(data);
        const heard = new Promise((resolve) => socket.addEventListener("message", resolve));
        await new Promise((resolve) => socket.addEventListener("open", resolve));
        return { socket, texts, heard };
      };
      const [one, two] = [await open(), await open()];
      one.socket.send("hello all");
      // The chat is a set: who hears first is not said.
      await Promise.all([one.heard, two.heard]);
      one.socket.close();
      two.socket.close();
      return [one.texts, two.texts];
    });
    assert.deepEqual(heard, [["hello all"], ["hello all"]]);
    await server.logged(/left 0$/);
    const echo = /** @type {Talk} */ (await talk(server, "/echo", ['{"a": 1}']));
    assert.deepEqual(JSON.parse(echo.received[0]), { echo: { a: 1 } });
    const { errors } = /** @type {Talk} */ (await talk(server, "/denied", []));
    assert.deepEqual(errors, ["Unexpected response code: 401"]);
    await server.stop();
  });

  test("FastAPI: parameters, dependencies, a rejection", async () => {
    const server = await page.start("uvicorn fast:app");
    const { received } = /** @type {Talk} */ (await talk(server, "/items/7?token=ada", ["x"]));
    assert.deepEqual(received, ["ada 7 x"]);
    const { errors } = /** @type {Talk} */ (await talk(server, "/items/7", []));
    assert.deepEqual(errors, ["Unexpected response code: 403"]);
    await server.stop();
  });

  test("Quart: an echo", async () => {
    const server = await page.start("uvicorn qu:app");
    const { received } = /** @type {Talk} */ (await talk(server, "/ws", ["x"]));
    assert.deepEqual(received, ["echo x"]);
    await server.stop();
  });

  for (const command of [
    "uvicorn --ws websockets",
    "uvicorn --ws wsproto",
    "gunicorn -k asgi",
    "daphne",
  ]) {
    describe(command, () => {
      test("messages go both ways, and the app closes", async () => {
        const server = await page.start(`${command} bare:app`);
        const daphnes = command === "daphne";
        const protocols = ["chat", "other"];
        const said = /** @type {Talk} */ (
          await talk(server, "/ws?x=1", ["héllo", [0, 1, 255]], { protocols })
        );
        assert.deepEqual(said, {
          received: ["héllo", [0, 1, 255]],
          errors: [],
          // daphne answers whatever code with 1000.
          close: daphnes
            ? { code: 1000, reason: "", wasClean: true }
            : { code: 3000, reason: "done", wasClean: true },
          protocol: "chat",
        });
        await server.logged(/gone 3000/);
        const { close } = /** @type {Talk} */ (await talk(server, "/", ["close"]));
        // daphne gives no reason.
        const reason = daphnes ? "" : "as you wish";
        assert.deepEqual(close, { code: 3001, reason, wasClean: true });
        if (command.endsWith(" websockets"))
          await server.logged(/websockets_impl\.py:41: UvicornDeprecationWarning: The /);
        await server.stop();
      });

      test("what the app refuses is an error and 1006", async () => {
        const server = await page.start(`${command} bare:app`);
        const { errors, close } = /** @type {Talk} */ (await talk(server, "/no", []));
        assert.deepEqual(errors, ["Unexpected response code: 403"]);
        assert.deepEqual(close, { code: 1006, reason: "", wasClean: false });
        await server.stop();
      });

      test("Starlette, FastAPI and Quart", async () => {
        for (const [app, path, message, expected] of [
          ["star:app", "/echo", '{"a": 1}', '{"echo":{"a":1}}'],
          ["fast:app", "/items/7?token=ada", "x", "ada 7 x"],
          ["qu:app", "/ws", "x", "echo x"],
        ]) {
          const server = await page.start(`${command} ${app}`);
          const { received, errors } = /** @type {Talk} */ (await talk(server, path, [message]));
          if (command === "daphne" && app === "qu:app") {
            // Quart wants the scope's scheme, which daphne does not give.
            assert.deepEqual(errors, ["Unexpected response code: 500"]);
            await server.logged(/^KeyError: 'scheme'$/);
          } else {
            assert.deepEqual(received, [expected]);
          }
          await server.stop();
        }
      });
    });
  }

  for (const command of ["uvicorn chan:application", "daphne chan:application"]) {
    test(`Django Channels, with its layer in memory: ${command}`, async () => {
      const server = await page.start(command);
      const chat = /** @type {Talk} */ (await talk(server, "/chat/one/", ['{"a": 1}']));
      assert.deepEqual(chat.received, ['{"a": 1}']);
      await server.logged(/left 3000$/);
      const echo = /** @type {Talk} */ (await talk(server, "/echo/", ["text", [1, 2]]));
      assert.deepEqual(echo.received, ["text", [1, 2]]);
      await server.stop();
    });
  }

  test("the trace tells of messages: when they came, who waited for them", async () => {
    const server = await page.start("uvicorn bare:app");
    await talk(server, "/ws", ["one", "two"]);
    await server.logged(/gone 3000 done$/);
    // What a process tells of its last turn comes a little later.
    await server.run(async ({ server: running }) => {
      while (!running.trace().some(({ name }) => name === "receive"))
        await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await server.stop();
  });
});
