"""What a DSN and its refusal are made of."""

from dataclasses import dataclass

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
