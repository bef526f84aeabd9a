"""Turns queued messages into transactions."""

from datetime import datetime
from uuid import UUID

from apps.performance.models import TransactionEvent

from .incoming import clean, parse_time


def transaction_row(message):
    payload = clean(message["payload"])
    received = datetime.fromisoformat(message["received"])
    start = parse_time(payload.get("start_timestamp"), received)
    end = parse_time(payload.get("timestamp"), received)
    trace = (payload.get("contexts") or {}).get("trace") or {}
    return TransactionEvent(
        event_id=UUID(payload["event_id"]),
        organization_id=message["organization_id"],
        project_id=message["project_id"],
        transaction=str(payload.get("transaction") or "")[:1024],
        op=str(trace.get("op") or "")[:255],
        start_timestamp=start,
        timestamp=end,
        duration_ms=(end - start).total_seconds() * 1000,
    )


def store_transactions(messages):
    rows = [transaction_row(message) for message in messages]
    TransactionEvent.objects.bulk_create(rows, ignore_conflicts=True)
