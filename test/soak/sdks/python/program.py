"""An application with sentry-sdk: for each line of its input it sends something, and prints the id once that is answered or dropped."""

import json
import os
import secrets
import sys

import sentry_sdk

FLUSH_SECONDS = 20
LIFECYCLE = os.environ.get("TRACE_LIFECYCLE")
sent_transactions = []


def note_transaction(event, _hint):
    sent_transactions.append(event["event_id"])
    return event


sentry_sdk.init(
    release="sdks@1",
    traces_sample_rate=1.0,
    before_send_transaction=note_transaction,
    **({"trace_lifecycle": LIFECYCLE} if LIFECYCLE else {}),
)


def send_exception():
    return {"id": sentry_sdk.capture_exception(IndexError("the order has no rows"))}


def send_message():
    return {"id": sentry_sdk.capture_message("the cache was cold", level="warning")}


def send_large():
    with sentry_sdk.new_scope() as scope:
        scope.set_context("large", {f"row {row}": secrets.token_hex(500) for row in range(400)})
        return {"id": sentry_sdk.capture_exception(ValueError("too many rows"))}


def send_attachment():
    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(bytes=b"a line of the log\n" * 5_000, filename="order.log")
        return {"id": sentry_sdk.capture_exception(ValueError("see the log"))}


def send_transaction():
    if LIFECYCLE == "stream":
        with sentry_sdk.traces.start_span(name="GET /orders", attributes={"sentry.op": "http.server"}) as span:
            return {"traceId": span.trace_id, "spanId": span.span_id}
    with sentry_sdk.start_transaction(name="GET /orders", op="http.server"):
        pass
    return {"id": sent_transactions[-1]}


COMMANDS = {
    "exception": send_exception,
    "message": send_message,
    "large": send_large,
    "attachment": send_attachment,
    "transaction": send_transaction,
}

for line in sys.stdin:
    command = line.strip()
    sent = COMMANDS[command]()
    sentry_sdk.flush(timeout=FLUSH_SECONDS)
    print(json.dumps({"command": command, **sent}), flush=True)
sentry_sdk.get_client().close(timeout=FLUSH_SECONDS)
