"""Uptime monitors of an organisation."""

from apps.uptime.models import Monitor

from .http import endpoint, paginated, read_json
from .organizations import own_organizations


def describe_monitor(monitor):
    checks = list(monitor.checks.order_by("-start_check")[:60])
    change = monitor.checks.filter(is_change=True).order_by("-start_check").first()
    return {
        "id": monitor.id,
        "monitorType": monitor.monitor_type,
        "name": monitor.name,
        "url": monitor.url,
        "expectedStatus": monitor.expected_status,
        "expectedBody": monitor.expected_body,
        "interval": monitor.interval,
        "timeout": monitor.timeout,
        "created": monitor.created,
        "organizationID": monitor.organization_id,
        "projectID": str(monitor.project_id) if monitor.project_id else None,
        "projectName": monitor.project.name if monitor.project else None,
        "environmentID": None,
        "envName": None,
        "endpointID": None,
        "heartbeatEndpoint": None,
        "isUp": checks[0].is_up if checks else None,
        "lastChange": change.start_check if change else None,
        "checks": [
            {"isUp": check.is_up, "startCheck": check.start_check, "reason": 0 if check.is_up else 1}
            for check in checks
        ],
    }


def own_monitors(request, organization):
    return Monitor.objects.filter(organization__in=own_organizations(request).filter(slug=organization))


def list_monitors(request, organization):
    found = own_monitors(request, organization).order_by("-created")
    return paginated(request, found, describe_monitor)


def create_monitor(request, organization):
    given = read_json(
        request,
        monitorType="Ping",
        name=...,
        url="",
        expectedStatus=200,
        expectedBody="",
        interval=60,
        timeout=None,
        project=None,
    )
    parent = own_organizations(request).get(slug=organization)
    monitor = Monitor.objects.create(
        organization=parent,
        project=parent.projects.filter(id=given["project"]).first(),
        monitor_type=given["monitorType"],
        name=given["name"],
        url=given["url"],
        expected_status=given["expectedStatus"],
        expected_body=given["expectedBody"],
        interval=given["interval"],
        timeout=given["timeout"],
    )
    return 201, describe_monitor(monitor)


def get_monitor(request, organization, monitor_id):
    return describe_monitor(own_monitors(request, organization).get(id=monitor_id))


def delete_monitor(request, organization, monitor_id):
    own_monitors(request, organization).get(id=monitor_id).delete()
    return 204, None


monitors = endpoint(get=list_monitors, post=create_monitor)
monitor = endpoint(get=get_monitor, delete=delete_monitor)
