"""Checks the key of a DSN. A wrong key to a real project blocks this key for the project for 30 s, and no other."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from .dsn import (
    BLOCK_KEY,
    BLOCK_SECONDS,
    FrozenError,
    InvalidKeyError,
    MalformedKeyError,
    Project,
    ThrottledError,
    key_in,
)


@sync_to_async(thread_sensitive=False)
def first_row(statement, values):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    finally:
        connection.close()


async def project_of(key):
    row = await first_row("SELECT project_id FROM projects_projectkey WHERE public_key = %s", [key])
    return row and row[0]


async def authenticate(request, project_id):
    """The project that the request's key opens. Asks Valkey, then Postgres: with either down it raises."""
    if settings.MAINTENANCE_EVENT_FREEZE:
        raise FrozenError
    try:
        key = UUID(key_in(request))
    except (TypeError, ValueError):
        raise MalformedKeyError from None
    return await opened_by(key, project_id)


async def authenticate_by_key(request):
    """As authenticate, of a request that names no project."""
    try:
        key = UUID(bearer_in(request) or key_in(request))
    except (TypeError, ValueError):
        raise MalformedKeyError from None
    project_id = await project_of(key)
    if project_id is None:
        raise InvalidKeyError
    return await opened_by(key, project_id)


def bearer_in(request):
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" and "x-sentry-auth" not in request.headers else None


async def opened_by(key, project_id):
    throttle_key = f"{BLOCK_KEY}{project_id}"
    key_block = f"{throttle_key}:{key}"
    cached = await cache.aget_many([throttle_key, key_block])
    if cached.get(throttle_key) == "t":
        raise ThrottledError
    if cached.get(key_block) == "v":
        raise InvalidKeyError
    row = await first_row("SELECT * FROM get_project_auth_info(%s, %s)", [project_id, key])
    if row is None:
        await cache.aset(key_block, "v", BLOCK_SECONDS)
        raise InvalidKeyError
    _, organization_id, is_accepting_events, first_event = row
    if not is_accepting_events:
        await cache.aset(throttle_key, "t", BLOCK_SECONDS)
        raise ThrottledError
    return Project(int(project_id), organization_id, first_event is None)
