"""Issues, events and transactions as they were stored."""

from uuid import UUID
from zlib import crc32

from django.conf import settings
from django.db.models import Avg, Count

from apps.event_ingest.incoming import exception_values
from apps.issue_events.models import Issue, IssueEvent, Status
from apps.performance.models import TransactionEvent

from .http import ApiError, endpoint, paginated, require_scope
from .organizations import own_organizations

EVENT_SCOPES = ("event:read", "event:write", "event:admin")
FRAME_KEYS = {"in_app": "inApp", "abs_path": "absPath", "colno": "colNo", "lineno": "lineNo"}
# One list of the real one is not in camel case.
SNAKE_KEYS = {
    "eventID": "event_id",
    "projectID": "project_id",
    "groupID": "group_id",
    "dateCreated": "date_created",
    "dateReceived": "date_received",
}
SHORT_ID_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


def short_id(issue):
    number, text = issue.short_id or 0, ""
    while number:
        number, digit = divmod(number, 32)
        text = SHORT_ID_DIGITS[digit] + text
    return f"{issue.project.slug.upper()}-{text or '0'}"


def describe_issue(issue, matching_event_id=None):
    project = issue.project
    return {
        "id": str(issue.id),
        "shortId": short_id(issue),
        "title": issue.title,
        "culprit": issue.culprit or "",
        "metadata": issue.metadata,
        "type": issue.get_type_display(),
        "level": issue.get_level_display(),
        "status": issue.get_status_display(),
        "count": str(issue.count),
        "firstSeen": issue.first_seen,
        "lastSeen": issue.last_seen,
        "numComments": 0,
        "userCount": 0,
        "logger": None,
        "shareId": None,
        "matchingEventId": matching_event_id,
        "stats": {"24h": []},
        "statusDetails": {},
        "subscriptionDetails": None,
        "permalink": f"{settings.GLITCHTIP_URL.geturl()}/{project.slug}/issues/{issue.id}",
        "project": {
            "id": str(project.id),
            "name": project.name,
            "slug": project.slug,
            "platform": project.platform,
        },
    }


def describe_frame(frame):
    renamed = {FRAME_KEYS.get(key, key): value for key, value in frame.items()}
    before, after = renamed.pop("pre_context", None) or [], renamed.pop("post_context", None) or []
    if "lineNo" in renamed and "context" not in renamed:
        lines = [*before, renamed.get("context_line"), *after]
        first = renamed["lineNo"] - len(before)
        renamed["context"] = [[first + index, line] for index, line in enumerate(lines) if line is not None]
    return renamed


def describe_exception(values):
    described = []
    for value in values:
        frames = (value.get("stacktrace") or {}).get("frames") or []
        described.append(
            value | {"stacktrace": {"frames": [describe_frame(frame) for frame in frames]}}
            if frames
            else value
        )
    in_app = any(
        frame.get("inApp")
        for value in described
        for frame in (value.get("stacktrace") or {}).get("frames", [])
    )
    return {"values": described, "hasSystemFrames": in_app}


def describe_entries(data):
    entries = []
    if values := exception_values(data):
        entries.append({"type": "exception", "data": describe_exception(values)})
    if breadcrumbs := data.get("breadcrumbs"):
        values = breadcrumbs if isinstance(breadcrumbs, list) else breadcrumbs.get("values", [])
        entries.append({"type": "breadcrumbs", "data": {"values": values}})
    if message := data.get("message"):
        entries.append({"type": "message", "data": {"formatted": message}})
    if request := data.get("request"):
        entries.append({"type": "request", "data": request})
    return entries


def describe_event(event):
    data = event.data
    return {
        "id": event.id.hex,
        "eventID": event.id.hex,
        "projectID": event.issue.project_id,
        "groupID": str(event.issue_id),
        "title": event.title,
        "message": data.get("message", event.title),
        "culprit": event.transaction,
        "type": event.get_type_display(),
        "platform": data.get("platform"),
        "dateCreated": event.timestamp,
        "dateReceived": event.received,
        "metadata": data.get("metadata", {"title": event.title}),
        "tags": [{"key": key, "value": value} for key, value in event.tags.items()],
        "entries": describe_entries(data),
        "contexts": data.get("contexts"),
        "context": data.get("extra"),
        "user": data.get("user"),
        "sdk": data.get("sdk"),
        "packages": data.get("modules"),
        "errors": None,
        "dist": None,
    }


def describe_event_in_detail(events, event):
    def neighbour(**condition):
        order = "received" if "received__gt" in condition else "-received"
        found = events.filter(**condition).order_by(order).first()
        return found.id.hex if found else None

    return describe_event(event) | {
        "userReport": None,
        "nextEventID": neighbour(received__gt=event.received),
        "previousEventID": neighbour(received__lt=event.received),
    }


def find_event(events, event_id):
    """An id may be there twice: the table's key is the id together with the time of receipt."""
    found = events.filter(id=parse_event_id(event_id)).order_by("received")
    return describe_event_in_detail(events, found[:1].get())


def own_issues(request):
    require_scope(request, *EVENT_SCOPES)
    return Issue.objects.filter(
        project__organization__users=request.auth.user_id, is_deleted=False
    ).select_related("project")


def own_events(request):
    require_scope(request, *EVENT_SCOPES)
    return IssueEvent.objects.filter(issue__project__organization__users=request.auth.user_id).select_related(
        "issue"
    )


def as_uuid(text):
    try:
        return UUID(text)
    except ValueError:
        return None


def parse_event_id(text):
    event_id = as_uuid(text)
    if event_id is None:
        raise ApiError(422, "Input should be a valid UUID")
    return event_id


def search_issues(request, found):
    """An event id finds its issue; `is:status` filters; other words must be in the title."""
    query = request.GET.get("query", "")
    if event_id := as_uuid(query):
        return paginated(
            request,
            found.filter(issueevent__id=event_id).order_by("-last_seen"),
            lambda issue: describe_issue(issue, event_id.hex),
        )
    for word in query.split():
        name, _, value = word.partition(":")
        if name == "is" and value.upper() in Status.names:
            found = found.filter(status=Status[value.upper()])
        else:
            found = found.filter(title__icontains=word.strip('"'))
    return paginated(request, found.order_by("-last_seen"), describe_issue)


def list_organization_issues(request, organization):
    parent = own_organizations(request).get(slug=organization)
    return search_issues(request, own_issues(request).filter(project__organization=parent))


def list_project_issues(request, organization, project):
    parent = own_organizations(request).get(slug=organization)
    return search_issues(
        request,
        own_issues(request).filter(project__organization=parent, project__slug=project),
    )


def get_issue(request, issue_id):
    return describe_issue(own_issues(request).get(id=issue_id)) | {"userReportCount": 0}


def list_issue_events(request, issue_id):
    def describe(event):
        return {SNAKE_KEYS.get(key, key): value for key, value in describe_event(event).items()}

    found = own_events(request).filter(issue_id=issue_id).order_by("-received")
    return paginated(request, found, describe)


def get_latest_event(request, issue_id):
    events = own_events(request).filter(issue_id=issue_id)
    return describe_event_in_detail(events, events.order_by("-received")[:1].get())


def get_issue_event(request, issue_id, event_id):
    return find_event(own_events(request).filter(issue_id=issue_id), event_id)


def events_of_project(request, organization, project):
    return own_events(request).filter(
        issue__project__organization__slug=organization, issue__project__slug=project
    )


def list_project_events(request, organization, project):
    found = events_of_project(request, organization, project).order_by("-received")
    return paginated(request, found, describe_event)


def get_project_event(request, organization, project, event_id):
    return find_event(events_of_project(request, organization, project), event_id)


def own_transactions(request, organization):
    return TransactionEvent.objects.filter(
        organization__in=own_organizations(request).filter(slug=organization)
    )


def list_transactions(request, organization):
    def describe(transaction):
        return {
            "eventId": transaction.event_id.hex,
            "timestamp": transaction.timestamp,
            "startTimestamp": transaction.start_timestamp,
            "transaction": transaction.transaction,
            "op": transaction.op,
        }

    found = own_transactions(request, organization).order_by("start_timestamp")
    return paginated(request, found, describe)


def list_transaction_groups(request, organization):
    def describe(group):
        return {"id": crc32(repr(group).encode()), "method": ""} | group

    found = (
        own_transactions(request, organization)
        .values("transaction", "op", "project")
        .annotate(transactionCount=Count("event_id"), avgDuration=Avg("duration_ms"))
        .order_by("transaction")
    )
    return paginated(request, found, describe)


organization_issues = endpoint(get=list_organization_issues)
project_issues = endpoint(get=list_project_issues)
issue = endpoint(get=get_issue)
issue_events = endpoint(get=list_issue_events)
latest_event = endpoint(get=get_latest_event)
issue_event = endpoint(get=get_issue_event)
project_events = endpoint(get=list_project_events)
project_event = endpoint(get=get_project_event)
transactions = endpoint(get=list_transactions)
transaction_groups = endpoint(get=list_transaction_groups)
