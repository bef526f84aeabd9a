"""Takes events in: checks the key, refuses duplicates, queues the rest, and answers before anything is stored."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.core.cache import cache
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from glitchtip import ballast

from . import tasks
from .auth import (
    FrozenError,
    InvalidKeyError,
    MalformedKeyError,
    ThrottledError,
    authenticate,
)

# A second event with the same id within this time is dropped: the default lifetime of a cache entry.
DUPLICATE_SECONDS = 300


def parse_object(line):
    """A JSON object, or None when it is no JSON. Other JSON counts as an empty object, as the real one's schema does."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else {}


def parse_id(text):
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def is_new(event_id):
    return cache.add(f"uuid{event_id.hex}", True, DUPLICATE_SECONDS)


def enqueue(task, project, payload):
    task.delay(
        {
            "project_id": project.id,
            "organization_id": project.organization_id,
            "payload": payload,
            "received": datetime.now(UTC).isoformat(),
            "update_first_event": project.is_first_event,
        }
    )


def read_items(request):
    """The envelope's items as (type, payload bytes); ends at the first that is not complete."""
    while line := request.readline():
        header = parse_object(line)
        if header is None:
            return
        length = header.get("length")
        if length is None:
            payload = request.readline()
        else:
            payload = request.read(length)
            if len(payload) != length:
                return
            request.readline()
        yield header.get("type"), payload


def take_item(project, item_type, payload, envelope_id):
    task = {
        "event": tasks.ingest_event,
        "transaction": tasks.ingest_transaction,
    }.get(item_type)
    body = parse_object(payload) if task else None
    if body is None:
        return
    event_id = parse_id(body.get("event_id")) or envelope_id or uuid4()
    if is_new(event_id):
        enqueue(task, project, body | {"event_id": event_id.hex})


def handle_envelope(request, project_id):
    if request.method != "POST":
        return JsonResponse({"detail": "Method not allowed"}, status=405)
    project = authenticate(request, project_id)
    line = request.readline()
    if not line:
        return JsonResponse({"detail": "Empty request body"}, status=400)
    header = parse_object(line)
    if header is None:
        return JsonResponse({"detail": "Invalid envelope header"}, status=400)
    envelope_id = parse_id(header.get("event_id"))
    for item_type, payload in read_items(request):
        take_item(project, item_type, payload, envelope_id)
    return JsonResponse({"id": envelope_id.hex} if envelope_id else {})


def handle_store(request, project_id):
    if request.method != "POST":
        return JsonResponse({"detail": "Method not allowed"}, status=405)
    project = authenticate(request, project_id)
    body = parse_object(request.read())
    if body is None:
        return JsonResponse({"detail": "Cannot parse request body"}, status=400)
    # The real one means to refuse a duplicate here, and does not.
    event_id = parse_id(body.get("event_id")) or uuid4()
    is_new(event_id)
    enqueue(tasks.ingest_event, project, body | {"event_id": event_id.hex})
    return JsonResponse({"event_id": event_id.hex, "task_id": None})


def guarded(handle, refusals):
    """A view that answers refusals as its endpoint does; what the endpoint has no answer for ends as a 500."""

    def answer(request, project_id):
        try:
            return handle(request, project_id)
        except tuple(refusals) as refused:
            status, detail = refusals[type(refused)]
            return JsonResponse({"detail": detail}, status=status)

    @csrf_exempt
    def view(request, project_id):
        with ballast.ingest_request():
            return answer(request, project_id)

    return view


# The real envelope endpoint lets the freeze escape as an exception: 500 there, 503 at the store endpoint.
envelope = guarded(
    handle_envelope,
    {
        InvalidKeyError: (403, "Denied"),
        MalformedKeyError: (403, "Invalid DSN"),
        ThrottledError: (429, "Too Many Requests"),
    },
)
store = guarded(
    handle_store,
    {
        FrozenError: (503, "Events are not currently being accepted due to maintenance."),
        InvalidKeyError: (401, "Invalid DSN"),
        MalformedKeyError: (422, [{"message": "dsn key badly formed hexadecimal UUID string"}]),
        ThrottledError: (429, "Please retry later"),
    },
)
