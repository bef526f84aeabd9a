"""Checks the key of a DSN. A wrong key to a real project blocks the whole project for 30 s, as in GlitchTip 5.2."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection

BLOCK_SECONDS = 30
BLOCK_KEY = "event_block"
# Seconds, of an organisation that takes no events.
RETRY_AFTER = 600


class FrozenError(Exception):
    """MAINTENANCE_EVENT_FREEZE is on."""


class NoKeyError(Exception):
    """Nothing names a key."""


class InvalidKeyError(Exception):
    """The project does not exist, the key is not its key, or the project is blocked."""


class ThrottledError(Exception):
    """The organisation takes no events."""


class MalformedKeyError(Exception):
    """The key is no UUID."""


@dataclass(frozen=True)
class Project:
    """What ingest needs to know of a project."""

    id: int
    organization_id: int
    is_first_event: bool


def key_in(request):
    """The key's text; None in a header without one, which nobody expects and ends as a 500."""
    for name in request.GET:
        if name in ("sentry_key", "glitchtip_key"):
            return request.GET[name]
    header = request.META.get("HTTP_X_SENTRY_AUTH", request.META.get("HTTP_AUTHORIZATION"))
    if not header:
        raise NoKeyError
    try:
        fields = dict(pair.strip().split("=", 1) for pair in header.split(" ", 1)[1].split(","))
    except (IndexError, ValueError):
        return None
    return fields.get("sentry_key", fields.get("glitchtip_key"))


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
