"""Turns queued messages into figures of their groups: 6.2 keeps no row of a transaction."""

from collections import Counter
from datetime import datetime

from django.db import connection

from .incoming import clean

GROUP = """
INSERT INTO performance_transactiongroup (transaction, op, project_id, organization_id, count, first_seen, last_seen) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (transaction, op, project_id, organization_id) DO UPDATE SET count = performance_transactiongroup.count + excluded.count, last_seen = excluded.last_seen"""


def store_transactions(messages):
    received = max(datetime.fromisoformat(message["received"]) for message in messages)
    groups = Counter()
    for message in messages:
        payload = clean(message["payload"])
        trace = (payload.get("contexts") or {}).get("trace") or {}
        groups[
            str(payload.get("transaction") or "")[:1024],
            str(trace.get("op") or "")[:255],
            message["project_id"],
            message["organization_id"],
        ] += 1
    with connection.cursor() as cursor:
        for group, count in sorted(groups.items()):
            cursor.execute(GROUP, [*group, count, received, received])
