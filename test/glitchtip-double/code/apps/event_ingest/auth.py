"""Checks the key of a DSN. A wrong key to a real project blocks the whole project for 30 s, as in GlitchTip 5.2."""

from uuid import UUID

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


def authenticate(request, project_id):
    """The project that the request's key opens. Asks Valkey, then Postgres: with either down it raises."""
    if settings.MAINTENANCE_EVENT_FREEZE:
        raise FrozenError
    try:
        key = UUID(key_in(request))
    except ValueError:
        raise MalformedKeyError from None
    if cache.get(f"{BLOCK_KEY}{project_id}"):
        raise InvalidKeyError
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM get_project_auth_info(%s, %s)", [project_id, key])
        row = cursor.fetchone()
    if row is None:
        cache.set(f"{BLOCK_KEY}{project_id}", "v", BLOCK_SECONDS)
        raise InvalidKeyError
    _, organization_id, is_accepting_events, first_event = row
    if not is_accepting_events:
        raise ThrottledError
    return Project(int(project_id), organization_id, first_event is None)
