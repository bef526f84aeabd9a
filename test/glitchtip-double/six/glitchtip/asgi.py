"""What granian serves. Ingest goes through a shorter chain, which does not look at the Host header; beside it the worker, where it is embedded."""

import os
import re

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")

import django  # noqa: E402

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402

INGEST = re.compile(r"^/(api/[^/]+/(envelope|store|minidump|security)/|v1/logs/?)$")


def handler_with(middleware):
    whole, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    try:
        return ASGIHandler()
    finally:
        settings.MIDDLEWARE = whole


_pages, _ingest = ASGIHandler(), handler_with(settings.INGEST_MIDDLEWARE)


async def application(scope, receive, send):
    is_ingest = scope["type"] == "http" and INGEST.match(scope["path"])
    await (_ingest if is_ingest else _pages)(scope, receive, send)


if os.environ.get("GLITCHTIP_EMBED_WORKER") == "true":
    from django_vtasks.asgi import get_worker_application

    from .mortal_worker import with_mortal_worker

    application = with_mortal_worker(get_worker_application(application))
