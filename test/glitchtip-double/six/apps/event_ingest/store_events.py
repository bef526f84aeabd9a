"""Turns queued messages into issues and events, in 6.2's order: the issues' index, the events, their tags and the statistics, each a statement by itself."""

import json
from collections import Counter
from uuid import UUID

from django.db import connection

from apps.projects.models import Project
from glitchtip.uuid7 import new_at

from .incoming import IncomingEvent, find_or_create_issue

INDEX = """
INSERT INTO issue_events_issueindex (issue_id, organization_id, project_id, count, last_seen) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (issue_id, organization_id) DO UPDATE SET count = issue_events_issueindex.count + excluded.count, last_seen = excluded.last_seen"""
SEEN = "UPDATE issue_events_issue SET count = count + %s, last_seen = %s, status = 0 WHERE id = %s"
EVENT = """
INSERT INTO issue_events_issueevent (id, event_id, timestamp, issue_id, organization_id, type, level, title, transaction, data, tags, hashes)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, coalesce((SELECT hstore(array_agg(key), array_agg(value)) FROM jsonb_each_text(%s::jsonb)), ''), ARRAY[%s]::uuid[])
ON CONFLICT DO NOTHING"""
STATISTIC = """
INSERT INTO projects_issueeventprojecthourlystatistic (project_id, organization_id, date, count) VALUES (%s, %s, date_trunc('hour', %s::timestamptz), %s)
ON CONFLICT (project_id, organization_id, date) DO UPDATE SET count = projects_issueeventprojecthourlystatistic.count + excluded.count"""


def values_of(event, message, issue_id):
    row = event.row(issue_id)
    return [
        new_at(event.received),
        UUID(event.payload["event_id"]),
        row.timestamp,
        issue_id,
        message["organization_id"],
        row.type,
        row.level,
        row.title,
        row.transaction,
        json.dumps(row.data),
        json.dumps(row.tags),
        event.hash,
    ]


def store_events(messages):
    events = [IncomingEvent(message) for message in messages]
    issues = {}
    for event in events:
        key = (event.project_id, event.hash)
        if key not in issues:
            issues[key] = find_or_create_issue(event)
    newest = max(event.received for event in events)
    numbered = [
        (event, message, issues[event.project_id, event.hash])
        for event, message in zip(events, messages, strict=True)
    ]
    with connection.cursor() as cursor:
        for (issue, organization, project), count in sorted(
            Counter(
                (issue, message["organization_id"], event.project_id) for event, message, issue in numbered
            ).items()
        ):
            cursor.execute(INDEX, [issue, organization, project, count, newest])
            cursor.execute(SEEN, [count, newest, issue])
        # A day or a leaf without a partition makes this raise: the whole batch goes to q:failed.
        cursor.executemany(EVENT, [values_of(*each) for each in numbered])
        # And so does this, with the events stored.
        for (project, organization), count in sorted(
            Counter((event.project_id, message["organization_id"]) for event, message, _ in numbered).items()
        ):
            cursor.execute(STATISTIC, [project, organization, newest, count])
    firsts = {item["project_id"] for item in messages if item["update_first_event"]}
    if firsts:
        Project.objects.filter(id__in=firsts, first_event=None).update(first_event=newest)
