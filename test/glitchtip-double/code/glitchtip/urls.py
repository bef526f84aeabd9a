"""Every path that the double answers."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path, re_path
from django.views.generic.base import RedirectView

from api import account, issues, monitors, organizations
from apps.event_ingest import views as ingest

ORGANIZATION = "organizations/<slug:organization>"
PROJECT = "projects/<slug:organization>/<slug:project>"


def health(_request):
    return HttpResponse("ok", content_type="text/plain")


def internal_health(_request):
    return JsonResponse({"healthy": {}, "problems": []})


def index(request):
    return render(request, "index.html")


api_0 = [
    path("", account.root),
    path("api-tokens/", account.tokens),
    path("api-tokens/<int:token_id>/", account.token),
    path("organizations/", organizations.organizations),
    path(f"{ORGANIZATION}/", organizations.organization),
    path(f"{ORGANIZATION}/members/", organizations.members),
    path(f"{ORGANIZATION}/teams/", organizations.teams),
    path(f"{ORGANIZATION}/projects/", organizations.organization_projects),
    path(f"{ORGANIZATION}/issues/", issues.organization_issues),
    path(f"{ORGANIZATION}/transactions/", issues.transactions),
    path(f"{ORGANIZATION}/transaction-groups/", issues.transaction_groups),
    path(f"{ORGANIZATION}/monitors/", monitors.monitors),
    path(f"{ORGANIZATION}/monitors/<int:monitor_id>/", monitors.monitor),
    path("teams/<slug:organization>/<slug:team>/projects/", organizations.team_projects),
    path("teams/<slug:organization>/<slug:team>/members/", organizations.team_members),
    path("projects/", organizations.all_projects),
    path(f"{PROJECT}/", organizations.project),
    path(f"{PROJECT}/keys/", organizations.keys),
    path(f"{PROJECT}/issues/", issues.project_issues),
    path(f"{PROJECT}/events/", issues.project_events),
    path(f"{PROJECT}/events/<str:event_id>/", issues.project_event),
    path("issues/<int:issue_id>/", issues.issue),
    path("issues/<int:issue_id>/events/", issues.issue_events),
    path("issues/<int:issue_id>/events/latest/", issues.latest_event),
    path("issues/<int:issue_id>/events/<str:event_id>/", issues.issue_event),
]

urlpatterns = [
    path("_health/", health),
    path("api/0/internal/health", internal_health),
    path("api/settings/", account.settings_view),
    path("api/0/", include(api_0)),
    path("api/<int:project_id>/envelope/", ingest.envelope),
    path("api/<str:project_id>/store/", ingest.store),
    path("api/<str:project_id>/security/", ingest.security),
    path("api/", RedirectView.as_view(url="/profile/auth-tokens")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    # What the real one leaves to its single-page application.
    re_path(r"^$", index),
    re_path(r"^(?:auth|login|register|profile|organizations|reset-password).*$", index),
]

# What only some releases take.
if hasattr(ingest, "minidump"):
    urlpatterns.append(path("api/<int:project_id>/minidump/", ingest.minidump))
if hasattr(ingest, "logs"):
    urlpatterns.append(re_path(r"^v1/logs/?$", ingest.logs))

# Celery's processes import this module for their checks, and do without the admin.
if not settings.IS_CELERY:
    urlpatterns.append(path("admin/", admin.site.urls))
