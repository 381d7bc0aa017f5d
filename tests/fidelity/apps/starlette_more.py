# Starlette: background tasks, generators, middleware.
import asyncio
import time

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from common import U, busy, who


class Slow(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.url.path.startswith("/slow"):
            await asyncio.sleep(U)
        return await call_next(request)


async def fast(request):
    return PlainTextResponse(who())


def sync_endpoint(request):
    time.sleep(U)
    return PlainTextResponse(who())


async def background(request):
    return PlainTextResponse(who(), background=BackgroundTask(time.sleep, 2 * U))


async def pool_cpu(request):
    await run_in_threadpool(busy)
    return PlainTextResponse(who())


def lazy(request):
    def parts():
        for part in range(3):
            time.sleep(U)
            yield f"{part} {who()}\n"

    return StreamingResponse(parts())


async def cut(request):
    async def parts():
        yield who()
        await asyncio.sleep(U)
        raise RuntimeError("boom")

    return StreamingResponse(parts())


app = Starlette(
    routes=[
        Route("/fast", fast),
        Route("/slow", fast),
        Route("/slow-sync", sync_endpoint),
        Route("/sync", sync_endpoint),
        Route("/background", background),
        Route("/cpu", pool_cpu),
        Route("/lazy", lazy),
        Route("/cut", cut),
    ],
    middleware=[Middleware(Slow)],
)
