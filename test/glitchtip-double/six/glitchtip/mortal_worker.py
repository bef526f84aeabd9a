"""Ends the embedded worker when a test says so, and nothing else: its task is gone, and web goes on answering, as after an error that nobody caught."""

import asyncio
from pathlib import Path

TOLD = Path("/tmp/end-the-worker")
EVERY_SECONDS = 0.5


async def end_when_told():
    while not TOLD.exists():
        await asyncio.sleep(EVERY_SECONDS)
    TOLD.unlink()
    for task in asyncio.all_tasks():
        if task.get_coro().__qualname__ == "Worker.run":
            task.cancel()


def with_mortal_worker(application):
    tasks = set()

    async def asgi(scope, receive, send):
        if scope["type"] == "lifespan":
            # A task that nothing refers to may be collected.
            tasks.add(asyncio.create_task(end_when_told()))
        await application(scope, receive, send)

    return asgi
