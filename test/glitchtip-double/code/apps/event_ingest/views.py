"""Takes events in: checks the key, refuses duplicates, queues the rest, and answers before anything is stored."""

from datetime import UTC, datetime
from uuid import uuid4

import orjson
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from glitchtip import ballast

from . import forms, tasks
from .auth import authenticate
from .dsn import RETRY_AFTER, FrozenError, InvalidKeyError, MalformedKeyError, NoKeyError, ThrottledError

# A second event with the same id within this time is dropped: the default lifetime of a cache entry.
DUPLICATE_SECONDS = 300


class UnreadableError(Exception):
    """The body is no JSON."""


class TooBigError(Exception):
    """A payload with a length is too long, unpacked."""


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
        try:
            item_type, length = forms.item_header(line)
            payload = request.readline() if length is None else request.read(length)
        except (forms.MisfitError, OverflowError, MemoryError):
            return
        except RequestDataTooBig:
            # What is read by its length ends the request; what is read by its line ends the envelope.
            if length is None:
                return
            raise TooBigError from None
        if length is not None:
            if len(payload) != length:
                return
            request.readline()
        yield item_type, payload


def take_item(project, item_type, payload, envelope_id):
    try:
        if item_type == "event":
            body, event_id = forms.event_of(forms.parse(payload))
            event_id = event_id or envelope_id or uuid4()
        elif item_type == "transaction":
            body, event_id = forms.transaction_of(forms.parse(payload))
            event_id = event_id or uuid4()
        else:
            return
    except forms.MisfitError:
        return
    if is_new(event_id):
        task = tasks.ingest_event if item_type == "event" else tasks.ingest_transaction
        enqueue(task, project, body | {"event_id": event_id.hex})


def handle_envelope(request, project_id):
    if request.method != "POST":
        return JsonResponse({"detail": "Method not allowed"}, status=405)
    project = authenticate(request, project_id)
    line = request.readline()
    if not line:
        return JsonResponse({"detail": "Empty request body"}, status=400)
    try:
        envelope_id = forms.envelope_id(line)
    except forms.MisfitError:
        return JsonResponse({"detail": "Invalid envelope header"}, status=400)
    for item_type, payload in read_items(request):
        take_item(project, item_type, payload, envelope_id)
    return JsonResponse({"id": envelope_id.hex} if envelope_id else {})


def body_of(request):
    """The JSON of an endpoint that takes one object; MisfitError where there is no body at all."""
    forms.check(request.body)
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise UnreadableError from None


def handle_store(request, project_id):
    project = authenticate(request, project_id)
    body, event_id = forms.stored_event_of(body_of(request))
    # The real one means to refuse a duplicate here, and does not.
    is_new(event_id)
    enqueue(tasks.ingest_event, project, body | {"event_id": event_id.hex})
    return JsonResponse({"event_id": event_id.hex, "task_id": None})


def handle_security(request, project_id):
    project = authenticate(request, project_id)
    report = forms.report_of(body_of(request))
    title = f"Blocked '{report['effective-directive']}' from '{report['blocked-uri']}'"
    enqueue(tasks.ingest_event, project, {"event_id": uuid4().hex, "message": title, "extra": report})
    return HttpResponse(status=201)


def guarded(handle, refusals):
    """A view that answers refusals as its endpoint does; what the endpoint has no answer for ends as a 500."""

    def answer(request, project_id):
        try:
            return handle(request, project_id)
        except tuple(refusals) as refused:
            return refusals[type(refused)]()

    @csrf_exempt
    def view(request, project_id):
        with ballast.ingest_request():
            return answer(request, project_id)

    return view


def only_post(handle):
    def answer(request, project_id):
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"], content=b"Method not allowed")
        return handle(request, project_id)

    return answer


def refusal(status, detail):
    return lambda: JsonResponse({"detail": detail}, status=status)


def throttled(body, **more):
    return lambda: HttpResponse(body, status=429, headers={"Retry-After": str(RETRY_AFTER)}, **more)


# The real envelope endpoint lets the freeze escape as an exception: 500 there, 503 at the others. At these it is no key that escapes.
envelope = guarded(
    handle_envelope,
    {
        NoKeyError: refusal(403, "Denied"),
        InvalidKeyError: refusal(403, "Denied"),
        MalformedKeyError: refusal(403, "Invalid DSN"),
        ThrottledError: throttled("Too Many Requests"),
        TooBigError: refusal(413, "Decompressed size exceeded limit"),
    },
)
REFUSALS = {
    FrozenError: refusal(503, "Events are not currently being accepted due to maintenance."),
    InvalidKeyError: refusal(401, "Invalid DSN"),
    MalformedKeyError: refusal(422, [{"message": "dsn key badly formed hexadecimal UUID string"}]),
    ThrottledError: throttled('{"message": "Please retry later"}', content_type="application/json"),
    UnreadableError: refusal(400, "Cannot parse request body"),
    forms.MisfitError: refusal(
        422, [{"type": "missing", "loc": ["body", "payload"], "msg": "Field required"}]
    ),
}
store = guarded(only_post(handle_store), REFUSALS)
security = guarded(only_post(handle_security), REFUSALS)
