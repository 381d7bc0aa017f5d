"""Long polling: /next is held until somebody posts a message, or for ten seconds."""

import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

waiting = set()


async def next_message(request):
    message = asyncio.get_running_loop().create_future()
    waiting.add(message)
    try:
        async with asyncio.timeout(10):
            return PlainTextResponse(await message)
    except TimeoutError:
        return Response(status_code=204)
    finally:
        waiting.discard(message)


async def post(request):
    text = (await request.body()).decode()
    heard = len(waiting)
    for message in waiting:
        message.set_result(text)
    return PlainTextResponse(f"{heard} heard it\n")


app = Starlette(routes=[Route("/next", next_message), Route("/messages", post, methods=["POST"])])
