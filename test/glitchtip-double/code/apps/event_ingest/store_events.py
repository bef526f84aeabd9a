"""Turns queued messages into issues and events."""

from collections import Counter

from django.db.models import F

from apps.issue_events.models import Issue, IssueEvent
from apps.projects.models import Project

from .incoming import IncomingEvent, find_or_create_issue


def store_events(messages):
    events = [IncomingEvent(message) for message in messages]
    issues = {}
    for event in events:
        key = (event.project_id, event.hash)
        if key not in issues:
            issues[key] = find_or_create_issue(event)
    rows = [event.row(issues[event.project_id, event.hash]) for event in events]
    newest = max(event.received for event in events)
    for issue_id, count in sorted(Counter(row.issue_id for row in rows).items()):
        Issue.objects.filter(id=issue_id).update(count=F("count") + count, last_seen=newest, status=0)
    # A day without a partition makes this raise; the batch is already acknowledged, so its events are lost.
    IssueEvent.objects.bulk_create(rows, ignore_conflicts=True)
    firsts = {item["project_id"] for item in messages if item["update_first_event"]}
    if firsts:
        Project.objects.filter(id__in=firsts, first_event=None).update(first_event=newest)
