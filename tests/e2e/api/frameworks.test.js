// What frameworks need of the system: password hashes, a database, sessions, temporary files for
// uploads, tasks in the background.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */

const MEGABYTE = 1 << 20;

const DJANGO = `
import os
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for this test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("db.sqlite3").absolute()}},
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
            "login.html": "<form>{% csrf_token %}{{ form.errors }}</form>",
        })]},
    }],
    LOGIN_REDIRECT_URL="/me",
)
django.setup()

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

call_command("migrate", verbosity=0)
User.objects.create_user("ada", "ada@example.org", "engine")

@login_required(login_url="/login")
def me(request):
    visits = request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"user": request.user.username, "visits": visits, "hash": request.user.password.split("$")[0]})

@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"bytes": file.size, "kind": type(file).__name__, "end": file.read()[-3:].decode()})

urlpatterns = [
    path("login", LoginView.as_view(template_name="login.html")),
    path("me", me),
    path("upload", upload),
]
application = get_wsgi_application()
`;

const FLASK = `
import hashlib
import threading

from flask import Flask, request
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
hashes = {}

@app.post("/register")
def register():
    hashes[request.form["user"]] = generate_password_hash(request.form["password"])
    return hashes[request.form["user"]].rsplit("$", 2)[0]

@app.post("/login")
def login():
    right = check_password_hash(hashes[request.form["user"]], request.form["password"])
    return "welcome" if right else ("wrong password", 403)

@app.get("/beside")
def beside():
    counted, done = 0, threading.Event()
    def count():
        nonlocal counted
        while not done.is_set():
            counted += 1
    thread = threading.Thread(target=count)
    thread.start()
    before = counted
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 300_000)
    after = counted
    done.set()
    thread.join()
    return {"counted": after - before}

@app.post("/upload")
def upload():
    file = request.files["file"]
    stream = type(file.stream).__name__
    return {"bytes": len(file.read()), "kind": stream}
`;

const STARLETTE = `
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def upload(request):
    async with request.form() as form:
        file = form["file"]
        body = await file.read()
        return JSONResponse({"bytes": len(body), "end": body[-3:].decode(), "on_disk": file.file._rolled})

app = Starlette(routes=[Route("/upload", upload, methods=["POST"])])
`;

const QUART = `
import asyncio
from quart import Quart, request, session

app = Quart(__name__)
app.secret_key = "only for this test"
done = []

@app.get("/")
async def index():
    await asyncio.sleep(0.001)
    return {"user": session.get("user")}

@app.post("/login")
async def login():
    session["user"] = (await request.form)["user"]
    return "", 204

@app.get("/stream")
async def stream():
    async def parts():
        for i in range(3):
            yield f"part {i}\\n"
            await asyncio.sleep(0.001)
    return parts(), 200, {"content-type": "text/plain"}

@app.post("/task")
async def task():
    async def work(name):
        await asyncio.sleep(0.001)
        print("task", name, "is done", flush=True)
    app.add_background_task(work, (await request.form)["name"])
    return "", 202

@app.before_serving
async def before():
    print("before serving", flush=True)

@app.after_serving
async def after():
    print("after serving", flush=True)
`;

const FORM = { "content-type": "application/x-www-form-urlencoded" };

const page = await openPage({
  "with_django.py": DJANGO,
  "with_flask.py": FLASK,
  "with_starlette.py": STARLETTE,
  "with_quart.py": QUART,
});

/**
 * Sends a file of so many bytes in a form; the JSON that comes back.
 * @param {RunningServer} server
 * @param {number} size
 */
async function upload(server, size) {
  return server.run(async ({ server: running }, bytes) => {
    const form = new FormData();
    form.append("file", new Blob(["x".repeat(bytes - 3), "end"]), "large.bin");
    return (await running.fetch("/upload", { method: "POST", body: form })).json();
  }, size);
}

/** The cookies that an answer sets, as a request sends them. @param {[string, string][]} headers */
function cookies(headers) {
  return headers
    .filter(([name]) => name.toLowerCase() === "set-cookie")
    .map(([, value]) => value.split(";")[0])
    .join("; ");
}

describe("Django", { timeout: 120_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn with_django:application");
  });
  after(() => server?.stop());

  test("makes a user, who logs in and keeps a session", async () => {
    assert.equal((await server.fetch("/me")).status, 302, "nobody has logged in");
    const form = await server.fetch("/login");
    const token = form.text.match(/name="csrfmiddlewaretoken" value="(\w+)"/)?.[1];
    const headers = { ...FORM, cookie: cookies(form.headers) };
    const login = (/** @type {string} */ password) =>
      server.fetch("/login", {
        method: "POST",
        headers,
        body: `csrfmiddlewaretoken=${token}&username=ada&password=${password}`,
      });

    const refused = await login("difference");
    assert.match(refused.text, /Please enter a correct username and password/);
    const { headers: set, status } = await login("engine");
    assert.equal(status, 302);

    const cookie = cookies(set);
    assert.match(cookie, /sessionid=/);
    for (const visits of [1, 2]) {
      const answer = await server.fetch("/me", { headers: { cookie } });
      assert.deepEqual(JSON.parse(answer.text), { user: "ada", visits, hash: "pbkdf2_sha256" });
    }
  });

  test("keeps a large upload in a temporary file", async () => {
    const size = 3 * MEGABYTE;
    assert.deepEqual(await upload(server, size), {
      bytes: size,
      kind: "TemporaryUploadedFile",
      end: "end",
    });
    assert.equal((await upload(server, 1000)).kind, "InMemoryUploadedFile");
  });
});

describe("Flask", { timeout: 60_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn with_flask:app");
  });
  after(() => server?.stop());

  test("checks passwords by werkzeug's hashes", async () => {
    /** @param {string} path @param {string} password */
    const send = (path, password) =>
      server.fetch(path, { method: "POST", headers: FORM, body: `user=ada&password=${password}` });
    assert.equal((await send("/register", "engine")).text, "scrypt:32768:8:1");
    assert.equal((await send("/login", "difference")).status, 403);
    assert.equal((await send("/login", "engine")).text, "welcome");
  });

  test("has its other threads run while a key is derived", async () => {
    const { counted } = JSON.parse((await server.fetch("/beside")).text);
    assert.ok(counted > 0, `counted ${counted}`);
  });

  test("takes uploads that do not stay in memory", async () => {
    assert.deepEqual(await upload(server, MEGABYTE), {
      bytes: MEGABYTE,
      kind: "SpooledTemporaryFile",
    });
  });
});

describe("Starlette", { timeout: 60_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("uvicorn with_starlette:app");
  });
  after(() => server?.stop());

  test("takes uploads that do not stay in memory", async () => {
    const size = 3 * MEGABYTE;
    assert.deepEqual(await upload(server, size), { bytes: size, end: "end", on_disk: true });
    assert.deepEqual(await upload(server, 1000), { bytes: 1000, end: "end", on_disk: false });
  });
});

describe("Quart", { timeout: 60_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("uvicorn with_quart:app");
  });

  test("answers, reads forms and keeps sessions", async () => {
    assert.deepEqual(JSON.parse((await server.fetch("/")).text), { user: null });
    const { headers, status } = await server.fetch("/login", {
      method: "POST",
      headers: FORM,
      body: "user=ada",
    });
    assert.equal(status, 204);
    const answer = await server.fetch("/", { headers: { cookie: cookies(headers) } });
    assert.deepEqual(JSON.parse(answer.text), { user: "ada" });
  });

  test("streams", async () => {
    assert.equal((await server.fetch("/stream")).text, "part 0\npart 1\npart 2\n");
  });

  test("goes on with a task after the answer", async () => {
    const { status } = await server.fetch("/task", {
      method: "POST",
      headers: FORM,
      body: "name=tea",
    });
    assert.equal(status, 202);
    await server.logged(/task tea is done/);
  });

  test("is told when serving begins and ends", async () => {
    await server.logged(/^before serving$/);
    await server.stop();
    assert.match(await server.log(), /^after serving$/m);
  });
});
