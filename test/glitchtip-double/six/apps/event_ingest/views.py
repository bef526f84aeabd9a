"""Takes events in as 6.2 does: whatever goes wrong while an item is put into the queue is logged and answered 200. Framing and unpacking are glitchtip-rust's."""

import logging
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from gt_rust.envelope import EnvelopeTooBig, decompress, parse_envelope

from glitchtip import ballast

from . import forms, tasks
from .auth import authenticate, authenticate_by_key
from .dsn import RETRY_AFTER, FrozenError, InvalidKeyError, MalformedKeyError, NoKeyError, ThrottledError
from .otlp import MalformedLogsError, texts_of

logger = logging.getLogger(__name__)

IGNORED = tuple(name for name in forms.IGNORED if name not in ("log", "user_report")) + ("trace_metric",)
# Taken and counted, for nobody asks this double for one.
WITHOUT_EVENT = ("user_report", "feedback", "log", "otel_log")
MOST_ITEMS = 1000


async def enqueue(task, project, payload):
    await task.aenqueue(
        {
            "project_id": project.id,
            "organization_id": project.organization_id,
            "payload": payload,
            "received": datetime.now(UTC).isoformat(),
            "update_first_event": project.is_first_event,
        }
    )


async def take_item(project, item_type, payload, envelope_id):
    if item_type == "event":
        body, event_id = forms.event_of(forms.parse(payload))
        event_id, task = event_id or envelope_id or uuid4(), tasks.ingest_event
    elif item_type == "transaction":
        body, event_id = forms.transaction_of(forms.parse(payload))
        event_id, task = event_id or uuid4(), tasks.ingest_transaction
    else:
        return
    # Set before the queue: when the queue refuses then, the SDK's next try is a duplicate.
    if await cache.aadd(f"uuid{event_id.hex}", True):
        await enqueue(task, project, body | {"event_id": event_id.hex})


async def take_items(project, items, envelope_id):
    for item in items:
        header = forms.fields(forms.parse(item.header))
        if header.get("type") not in forms.SUPPORTED + IGNORED + WITHOUT_EVENT:
            return
        try:
            await take_item(project, header["type"], item.payload, envelope_id)
        except forms.MisfitError:
            continue
        except Exception:
            logger.exception("an item was not queued")


async def handle_envelope(request, project_id):
    if request.method != "POST":
        return JsonResponse({"detail": "Method not allowed"}, status=405)
    project = await authenticate(request, project_id)
    if not request.body:
        return JsonResponse({"detail": "Empty request body"}, status=400)
    try:
        parsed = parse_envelope(
            request.body,
            request.headers.get("content-encoding"),
            settings.GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE,
            MOST_ITEMS,
        )
        envelope_id = forms.envelope_id(parsed.header)
    except (ValueError, forms.MisfitError):
        return JsonResponse({"detail": "Invalid envelope header"}, status=400)
    await take_items(project, parsed.items, envelope_id)
    return JsonResponse({"id": envelope_id.hex} if envelope_id else {})


def json_of(request):
    body = decompress(
        request.body, request.headers.get("content-encoding"), settings.GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE
    )
    forms.check(body)
    return orjson.loads(body)


async def handle_store(request, project_id):
    project = await authenticate(request, project_id)
    body, event_id = forms.stored_event_of(json_of(request))
    await cache.aadd(f"uuid{event_id.hex}", True)
    await enqueue(tasks.ingest_event, project, body | {"event_id": event_id.hex})
    return JsonResponse({"event_id": event_id.hex, "task_id": None})


async def handle_security(request, project_id):
    project = await authenticate(request, project_id)
    report = forms.report_of(json_of(request))
    title = f"Blocked '{report['effective-directive']}' from '{report['blocked-uri']}'"
    await enqueue(tasks.ingest_event, project, {"event_id": uuid4().hex, "message": title, "extra": report})
    return HttpResponse(status=201)


async def handle_minidump(request, project_id):
    """Whoever may send is told that it was taken; what it means is not read."""
    await authenticate(request, project_id)
    return HttpResponse(uuid4().hex, content_type="text/plain")


async def handle_logs(request, _project_id):
    """Of OpenTelemetry. Unlike an event's, what their queue refuses is no 200."""
    if request.method != "POST":
        return JsonResponse({"detail": "Method not allowed"}, status=405)
    if not settings.GLITCHTIP_ENABLE_LOGS:
        return JsonResponse({"detail": "Logs are not enabled"}, status=404)
    project = await authenticate_by_key(request)
    encoding, most = request.headers.get("content-encoding"), settings.GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE
    try:
        body = decompress(request.body, encoding, most) if encoding else request.body
    except EnvelopeTooBig:
        raise
    except ValueError:
        return JsonResponse({"detail": "Invalid compressed body"}, status=400)
    texts = texts_of(body, request.content_type or "")
    if texts:
        await enqueue(tasks.ingest_logs, project, texts)
    if "json" in (request.content_type or ""):
        return JsonResponse({})
    return HttpResponse(b"", content_type="application/x-protobuf")


def refusal(status, detail):
    return lambda: JsonResponse({"detail": detail}, status=status)


def throttled(body, **more):
    return lambda: HttpResponse(body, status=429, headers={"Retry-After": str(RETRY_AFTER)}, **more)


def guarded(handle, refusals):
    """A view that answers refusals as its endpoint does; what the endpoint has no answer for ends as a 500."""

    @csrf_exempt
    async def view(request, project_id=None):
        with ballast.ingest_request():
            try:
                return await handle(request, project_id)
            except tuple(refusals) as refused:
                return refusals[type(refused)]()

    return view


TOO_BIG = refusal(413, "Decompressed size exceeded limit")
# The envelope endpoint lets a freeze escape as an exception, here as there.
ENVELOPE = {
    NoKeyError: refusal(403, "Denied"),
    InvalidKeyError: refusal(403, "Denied"),
    MalformedKeyError: refusal(403, "Invalid DSN"),
    ThrottledError: throttled("Too Many Requests"),
    EnvelopeTooBig: TOO_BIG,
    RequestDataTooBig: TOO_BIG,
}
REFUSALS = {
    FrozenError: refusal(503, "Events are not currently being accepted due to maintenance."),
    InvalidKeyError: refusal(401, "Invalid DSN"),
    MalformedKeyError: refusal(422, [{"message": "dsn key badly formed hexadecimal UUID string"}]),
    ThrottledError: throttled('{"message": "Please retry later"}', content_type="application/json"),
    orjson.JSONDecodeError: refusal(400, "Cannot parse request body"),
    forms.MisfitError: refusal(
        422, [{"type": "missing", "loc": ["body", "payload"], "msg": "Field required"}]
    ),
    EnvelopeTooBig: TOO_BIG,
    RequestDataTooBig: TOO_BIG,
}
LOGS = {
    NoKeyError: refusal(401, "Invalid DSN"),
    InvalidKeyError: refusal(401, "Invalid DSN"),
    MalformedKeyError: refusal(401, "Invalid DSN"),
    ThrottledError: throttled("Too Many Requests"),
    MalformedLogsError: refusal(400, "Malformed OTLP logs payload"),
    EnvelopeTooBig: TOO_BIG,
    RequestDataTooBig: TOO_BIG,
}
envelope = guarded(handle_envelope, ENVELOPE)
store = guarded(handle_store, REFUSALS)
security = guarded(handle_security, REFUSALS)
minidump = guarded(handle_minidump, ENVELOPE)
logs = guarded(handle_logs, LOGS)
