"""Events of 5.2, which a migration put into an archive: the same rows with ids of 6.2, on the days on which they were received."""

from datetime import timedelta

from django.conf import settings

from glitchtip.partitions import create
from glitchtip.uuid7 import least_at, new_at

ARCHIVE = "issue_events_issueevent_archive"
EVENTS = "issue_events_issueevent"
# Newest first; what is here already is not brought again.
MISSING = f"""
SELECT a.id, a.received FROM {ARCHIVE} a
WHERE NOT EXISTS (SELECT FROM {EVENTS} e WHERE e.event_id = a.id) ORDER BY a.received DESC LIMIT %s"""
COPY = f"""
INSERT INTO {EVENTS} (id, event_id, timestamp, issue_id, organization_id, type, level, title, transaction, data, tags, hashes)
SELECT %s, a.id, a.timestamp, a.issue_id, p.organization_id, a.type, a.level, a.title, a.transaction, a.data,
  coalesce((SELECT hstore(array_agg(key), array_agg(value)) FROM jsonb_each_text(a.tags)), ''), '{{}}'
FROM {ARCHIVE} a JOIN issue_events_issue i ON i.id = a.issue_id JOIN projects_project p ON p.id = i.project_id WHERE a.id = %s AND a.received = %s"""


def copy_from_archive(cursor, limit, delete_source=False):
    """How many were copied. @param limit at most so many"""
    cursor.execute(MISSING, [limit])
    found = cursor.fetchall()
    for day in sorted({received.replace(hour=0, minute=0, second=0, microsecond=0) for _, received in found}):
        create(
            cursor,
            EVENTS,
            day,
            (least_at(day), least_at(day + timedelta(days=1))),
            settings.PARTITION_HASH_BUCKETS,
        )
    for event_id, received in found:
        cursor.execute(COPY, [new_at(received), event_id, received])
        if delete_source:
            cursor.execute(f"DELETE FROM {ARCHIVE} WHERE id = %s AND received = %s", [event_id, received])
    return len(found)
