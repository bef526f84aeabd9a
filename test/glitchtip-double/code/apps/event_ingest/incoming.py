"""A queued message, and the issue that it belongs to."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from apps.issue_events.models import EventType, Issue, IssueEvent, IssueHash, Level

STORED_KEYS = (
    "platform",
    "modules",
    "sdk",
    "request",
    "environment",
    "extra",
    "user",
    "exception",
    "breadcrumbs",
    "contexts",
)


def clean(value):
    """Postgres cannot store NUL characters."""
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def parse_time(value, default):
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return default
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def exception_values(payload):
    exception = payload.get("exception") or []
    return exception.get("values", []) if isinstance(exception, dict) else exception


def message_of(payload):
    message = payload.get("message") or payload.get("logentry") or ""
    if isinstance(message, dict):
        message = message.get("formatted") or message.get("message") or ""
    return str(message)


def shorten(text, length=200):
    return text if len(text) <= length else f"{text[: length - 3]}..."


def tags_of(payload):
    tags = payload.get("tags") or {}
    pairs = tags.items() if isinstance(tags, dict) else tags
    named = {str(key)[:255]: str(value)[:255] for key, value in pairs if value}
    for key in ("environment", "release", "server_name"):
        if payload.get(key):
            named[key] = str(payload[key])
    return named


def culprit_of(values):
    """Where the newest exception was raised: "module in function"."""
    frames = (values[-1].get("stacktrace") or {}).get("frames") if values else None
    if not frames:
        return ""
    frame = next((frame for frame in reversed(frames) if frame.get("in_app")), frames[-1])
    place = frame.get("module") or frame.get("filename") or "?"
    return f"{place} in {frame['function']}" if frame.get("function") else place


class IncomingEvent:
    """A queued message, with the title, culprit and fingerprint that decide its issue."""

    def __init__(self, message):
        self.project_id = message["project_id"]
        self.received = datetime.fromisoformat(message["received"])
        self.payload = payload = clean(message["payload"])
        values = exception_values(payload)
        self.type = EventType.ERROR if values else EventType.DEFAULT
        self.metadata = {}
        if values:
            last = values[-1]
            text = str(last.get("value") or "")
            self.metadata = {"type": last.get("type") or "Error", "value": text[:1024]}
            first_line = (text.splitlines() or [""])[0]
            full_title = self.metadata["type"] + (f": {first_line}" if text else "")
        else:
            full_title = message_of(payload) or "<untitled>"
        self.title = shorten(full_title)
        self.culprit = shorten(str(payload.get("transaction") or culprit_of(values)))
        self.hash = hashlib.md5(self._hash_input().encode()).hexdigest()

    def _hash_input(self):
        default = f"{self.title}{self.culprit}{self.type}"
        parts = self.payload.get("fingerprint") or ["{{ default }}"]
        return "".join(default if part == "{{ default }}" else str(part) for part in parts)

    @property
    def level(self):
        name = str(self.payload.get("level", "error")).upper()
        return Level[name] if name in Level.names else Level.ERROR

    def row(self, issue_id):
        payload = self.payload
        data = {key: payload[key] for key in STORED_KEYS if payload.get(key)}
        if self.metadata:
            data["metadata"] = self.metadata
        if message := message_of(payload):
            data["message"] = message
        return IssueEvent(
            id=UUID(payload["event_id"]),
            issue_id=issue_id,
            type=self.type,
            level=self.level,
            timestamp=parse_time(payload.get("timestamp"), self.received),
            received=self.received,
            title=self.title,
            transaction=self.culprit,
            data=data,
            tags=tags_of(payload),
        )


def next_short_id(project_id):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO projects_projectcounter (project_id, value) VALUES (%s, 1)"
            " ON CONFLICT (project_id) DO UPDATE SET value = projects_projectcounter.value + 1 RETURNING value",
            [project_id],
        )
        return cursor.fetchone()[0]


def find_or_create_issue(event):
    known = IssueHash.objects.filter(project_id=event.project_id, value=event.hash)
    if found := known.first():
        return found.issue_id
    try:
        with transaction.atomic():
            issue = Issue.objects.create(
                project_id=event.project_id,
                title=event.title,
                culprit=event.culprit,
                metadata=event.metadata,
                level=event.level,
                type=event.type,
                short_id=next_short_id(event.project_id),
                first_seen=event.received,
                last_seen=event.received,
            )
            IssueHash.objects.create(issue=issue, project_id=event.project_id, value=event.hash)
            return issue.id
    except IntegrityError:
        # Another worker thread made the same issue in this moment.
        return known.get().issue_id
