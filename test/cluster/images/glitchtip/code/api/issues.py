"""Issues, events and transactions as they were stored."""

from uuid import UUID

from django.conf import settings
from django.db.models import Avg, Count

from apps.issue_events.models import Issue, IssueEvent, Status
from apps.performance.models import TransactionEvent

from .http import endpoint, paginated, require_scope
from .organizations import own_organizations

EVENT_SCOPES = ("event:read", "event:write", "event:admin")
SHORT_ID_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


def short_id(issue):
    number, text = issue.short_id or 0, ""
    while number:
        number, digit = divmod(number, 32)
        text = SHORT_ID_DIGITS[digit] + text
    return f"{issue.project.slug.upper()}-{text or '0'}"


def describe_issue(issue):
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
        "matchingEventId": None,
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


def describe_entries(data):
    entries = [{"type": name, "data": data[name]} for name in ("exception", "breadcrumbs") if data.get(name)]
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
        "errors": [],
        "dist": None,
    }


def describe_event_in_detail(events, event):
    def neighbour(**condition):
        order = "received" if "received__gt" in condition else "-received"
        found = events.filter(issue=event.issue, **condition).order_by(order).first()
        return found.id.hex if found else None

    return describe_event(event) | {
        "userReport": None,
        "nextEventID": neighbour(received__gt=event.received),
        "previousEventID": neighbour(received__lt=event.received),
    }


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


def search_issues(request, found):
    """An event id finds its issue; `is:status` filters; other words must be in the title."""
    query = request.GET.get("query", "")
    try:
        found = found.filter(issueevent__id=UUID(query)) if query else found
        query = ""
    except ValueError:
        pass
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
    found = own_events(request).filter(issue_id=issue_id).order_by("-received")
    return paginated(request, found, describe_event)


def get_latest_event(request, issue_id):
    events = own_events(request)
    latest = events.filter(issue_id=issue_id).order_by("-received")[:1].get()
    return describe_event_in_detail(events, latest)


def get_issue_event(request, issue_id, event_id):
    events = own_events(request)
    return describe_event_in_detail(events, events.get(issue_id=issue_id, id=event_id))


def events_of_project(request, organization, project):
    return own_events(request).filter(
        issue__project__organization__slug=organization, issue__project__slug=project
    )


def list_project_events(request, organization, project):
    found = events_of_project(request, organization, project).order_by("-received")
    return paginated(request, found, describe_event)


def get_project_event(request, organization, project, event_id):
    events = events_of_project(request, organization, project)
    return describe_event_in_detail(events, events.get(id=event_id))


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
    found = (
        own_transactions(request, organization)
        .values("transaction", "op", "project_id")
        .annotate(transactionCount=Count("event_id"), avgDuration=Avg("duration_ms"))
        .order_by("transaction")
    )
    return paginated(request, found, dict)


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
