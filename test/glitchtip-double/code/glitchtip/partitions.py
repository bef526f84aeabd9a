"""Daily partitions made ahead of time and dropped after the retention; no table has a DEFAULT partition."""

from datetime import date, timedelta

from django.conf import settings
from django.db import connection

# Table and number of days from today on; the names are those that GlitchTip's partition manager gives.
PARTITIONED_TABLES = {
    "issue_events_issueevent": 7,
    "performance_transactionevent": 7,
    "uptime_monitorcheck": 4,
}


def partition_name(table, day):
    return f"{table}_{day.strftime('%Y_%b_%d').lower()}"


def existing_partitions(cursor, table):
    cursor.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
        [table],
    )
    return {row[0] for row in cursor.fetchall()}


def maintain_partitions(today: date):
    """Creates what is missing and drops what is too old; returns the names of both."""
    created, dropped = [], []
    oldest = today - timedelta(days=settings.GLITCHTIP_MAX_EVENT_LIFE_DAYS)
    with connection.cursor() as cursor:
        for table, days in PARTITIONED_TABLES.items():
            existing = existing_partitions(cursor, table)
            for day in (today + timedelta(days=ahead) for ahead in range(days)):
                name = partition_name(table, day)
                if name not in existing:
                    cursor.execute(
                        f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM (%s) TO (%s)",
                        [day.isoformat(), (day + timedelta(days=1)).isoformat()],
                    )
                    created.append(name)
            # A year of days before the limit is enough to find every partition that a scheduler left behind.
            for age in range(1, 366):
                name = partition_name(table, oldest - timedelta(days=age))
                if name in existing:
                    cursor.execute(f"DROP TABLE {name}")
                    dropped.append(name)
    return created, dropped
