"""Partitions as 6.2 makes them: days by UUIDv7 or by time, weeks from Monday; some split into leaves by organization. None is a DEFAULT partition."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from .uuid7 import least_at

DAILY_BY_ID = ("issue_events_issueevent", "logs_logevent", "performance_spanstaging")
WEEKLY = (
    "issue_events_issuetag",
    "issue_events_issueaggregate",
    "projects_issueeventprojecthourlystatistic",
    "projects_transactioneventprojecthourlystatistic",
    "projects_logprojecthourlystatistic",
    "uptime_monitorcheck",
)
DAYS, WEEKS = 7, 4


def existing_partitions(cursor, table):
    cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
    return {row[0] for row in cursor.fetchall()}


def create(cursor, table, begin, bounds, leaves):
    name = f"{table}_{begin:%Y%m%d}"
    split = " PARTITION BY HASH (organization_id)" if leaves else ""
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}'){split}"
    )
    for leaf in range(leaves):
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name}_h{leaf} PARTITION OF {name} FOR VALUES WITH (MODULUS {leaves}, REMAINDER {leaf})"
        )
    return name


def maintain_partitions(now: datetime):
    """Creates what is missing and drops what is too old; returns the names of both."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    wanted = [
        (table, today + timedelta(days=day), timedelta(days=1), least_at, settings.PARTITION_HASH_BUCKETS)
        for table in DAILY_BY_ID
        for day in range(DAYS)
    ]
    wanted += [
        (table, monday + timedelta(weeks=week), timedelta(weeks=1), datetime.isoformat, 0)
        for table in WEEKLY
        for week in range(WEEKS)
    ]
    created, dropped = [], []
    with connection.cursor() as cursor:
        existing = {table: existing_partitions(cursor, table) for table in DAILY_BY_ID + WEEKLY}
        for table, begin, length, bound, leaves in wanted:
            if f"{table}_{begin:%Y%m%d}" not in existing[table]:
                created.append(create(cursor, table, begin, (bound(begin), bound(begin + length)), leaves))
        oldest = f"{today - timedelta(days=settings.GLITCHTIP_MAX_EVENT_LIFE_DAYS):%Y%m%d}"
        for table, names in existing.items():
            for name in names:
                if name.removeprefix(f"{table}_") < oldest:
                    cursor.execute(f"DROP TABLE {name} CASCADE")
                    dropped.append(name)
    return created, dropped
