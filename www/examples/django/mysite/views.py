import asyncio
import os
import threading
import time

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST


def index(request):
    return HttpResponse(
        "<!doctype html><title>Django</title>"
        "<h1>Hello from Django</h1>"
        "<p>This page was made in your browser.</p>"
    )


def greet(request, name):
    return JsonResponse({"greeting": f"Hello, {name}", "served_by": who()})


def sleep(request):
    """Waits: only another worker can serve somebody else meanwhile."""
    time.sleep(0.5)
    return JsonResponse({"served_by": who()})


async def async_sleep(request):
    """Under WSGI it takes a worker all the same; under ASGI it does not."""
    await asyncio.sleep(0.5)
    return JsonResponse({"served_by": who()})


def cpu(request):
    x = 0
    for i in range(3_000_000):
        x = (x * 31 + i) % 1_000_003
    return JsonResponse({"served_by": who(), "result": x})


def stream(request):
    def parts():
        for i in range(5):
            yield f"part {i}\n"
            time.sleep(0.2)

    return StreamingHttpResponse(parts(), content_type="text/plain")


@require_POST
def upload(request):
    return JsonResponse({"served_by": who(), "bytes": len(request.body)})


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"
