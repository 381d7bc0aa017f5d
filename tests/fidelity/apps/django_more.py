# Django: views that mix sync and async, and streams.
import asyncio
import time

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="x",
        ROOT_URLCONF="django_more",
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=[],
        INSTALLED_APPS=[],
    )
    django.setup()

from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from common import U, busy, who


def fast(request):
    return HttpResponse(who())


def sync_view(request):
    time.sleep(U)
    return HttpResponse(who())


async def async_view(request):
    await asyncio.sleep(U)
    return HttpResponse(who())


async def gather_view(request):
    await asyncio.gather(*(asyncio.sleep(U) for _ in range(3)))
    return HttpResponse(who())


async def sensitive_view(request):
    await asyncio.gather(*(sync_to_async(time.sleep)(U) for _ in range(2)))
    return HttpResponse(who())


async def insensitive_view(request):
    sleep = sync_to_async(time.sleep, thread_sensitive=False)
    await asyncio.gather(*(sleep(U) for _ in range(2)))
    return HttpResponse(who())


def cpu_view(request):
    busy()
    return HttpResponse(who())


def stream_view(request):
    def parts():
        for part in range(5):
            yield f"{part} {who()}\n"
            time.sleep(U * 0.4)

    return StreamingHttpResponse(parts())


async def async_stream_view(request):
    async def parts():
        for part in range(5):
            yield f"{part} {who()}\n"
            await asyncio.sleep(U * 0.4)

    return StreamingHttpResponse(parts())


def upload(request):
    return HttpResponse(f"{len(request.body)} {who()}")


def boom(request):
    raise RuntimeError("boom")


urlpatterns = [
    path("fast", fast),
    path("sync", sync_view),
    path("async", async_view),
    path("gather", gather_view),
    path("sensitive", sensitive_view),
    path("insensitive", insensitive_view),
    path("cpu", cpu_view),
    path("stream", stream_view),
    path("astream", async_stream_view),
    path("upload", upload),
    path("boom", boom),
]
app = get_asgi_application()
wsgi = get_wsgi_application()
