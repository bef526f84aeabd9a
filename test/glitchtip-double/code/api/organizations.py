"""Organisations, teams, projects and their keys. The server makes the slugs."""

from secrets import choice
from string import ascii_lowercase, digits

from django.conf import settings
from django.utils.text import slugify

from apps.api_tokens.models import SCOPES
from apps.organizations_ext.models import Organization, OrganizationUser
from apps.projects.models import Project, ProjectKey
from apps.teams.models import Team
from apps.users.models import User

from .http import ApiError, endpoint, paginated, read_json, require_scope

AVATAR = {"avatarType": "", "avatarUuid": None}
ROLES = ("member", "admin", "manager", "owner")


def random_ending(length):
    return "".join(choice(ascii_lowercase + digits) for _ in range(length))


def free_slug(name, taken, ending):
    """The slug of a name; when it is taken, with an ending made from 2, 3, 4 ... until it is free."""
    slug = base = slugify(name) or "slug"
    attempt = 2
    while taken(slug):
        slug = f"{base}-{ending(attempt)}"
        attempt += 1
    return slug


def own_organizations(request):
    return Organization.objects.filter(users=request.auth.user_id)


def own_projects(request, organization):
    return Project.objects.filter(
        organization__slug=organization, organization__users=request.auth.user_id
    ).order_by("name")


def describe_organization(organization):
    return {
        "id": str(organization.id),
        "name": organization.name,
        "slug": organization.slug,
        "dateCreated": organization.created,
        "status": {"id": "active", "name": "active"},
        "avatar": AVATAR,
        "isEarlyAdopter": False,
        "require2fa": False,
        "isAcceptingEvents": organization.is_accepting_events,
        "eventThrottleRate": organization.event_throttle_rate,
    }


def describe_project(project):
    return {
        "id": str(project.id),
        "name": project.name,
        "slug": project.slug,
        "platform": project.platform,
        "dateCreated": project.created,
        "firstEvent": project.first_event,
        "avatar": AVATAR,
        "color": "",
        "features": [],
        "hasAccess": True,
        "isBookmarked": False,
        "isInternal": False,
        "isMember": True,
        "isPublic": False,
        "scrubIPAddresses": project.scrub_ip_addresses,
        "eventThrottleRate": project.event_throttle_rate,
    }


def describe_team(team):
    return {
        "id": str(team.id),
        "slug": team.slug,
        "dateCreated": team.created,
        "isMember": True,
        "memberCount": team.members.count(),
        "projects": [describe_project(project) for project in team.projects.all()],
    }


def describe_member(member):
    return {
        "id": str(member.id),
        "role": ROLES[member.role],
        "email": member.user.email,
        "user": {"id": str(member.user_id), "email": member.user.email, "name": member.user.name},
        "pending": False,
    }


def describe_organization_in_detail(organization):
    return describe_organization(organization) | {
        "access": list(SCOPES),
        "openMembership": organization.open_membership,
        "projects": [describe_project(project) for project in organization.projects.all()],
        "teams": [describe_team(team) for team in organization.teams.all()],
    }


def describe_project_with_organization(project):
    return describe_project(project) | {"organization": describe_organization(project.organization)}


def describe_key(key):
    return {
        "id": str(key.public_key),
        "public": str(key.public_key),
        "name": key.name,
        "label": key.name,
        "projectID": key.project_id,
        "rateLimit": None,
        "dateCreated": key.created,
        "dsn": {
            "public": key.dsn(),
            "secret": key.dsn(),
            "security": key.security_dsn(),
        },
    }


def list_organizations(request):
    require_scope(request, "org:read", "org:write", "org:admin")
    return paginated(request, own_organizations(request).order_by("name"), describe_organization)


def create_organization(request):
    """The first organisation is always allowed; later ones by setting, or for a superuser."""
    require_scope(request, "org:write", "org:admin")
    name = read_json(request, name=...)["name"]
    user = User.objects.get(id=request.auth.user_id)
    is_open = settings.ENABLE_ORGANIZATION_CREATION or not Organization.objects.exists()
    if not is_open and not user.is_superuser:
        raise ApiError(403, "Organization creation is not open")
    slug = free_slug(name, lambda slug: Organization.objects.filter(slug=slug).exists(), random_ending)
    made = Organization.objects.create(name=name, slug=slug)
    OrganizationUser.objects.create(user=user, organization=made)
    return 201, describe_organization_in_detail(made)


def get_organization(request, organization):
    require_scope(request, "org:read", "org:write", "org:admin")
    return describe_organization_in_detail(own_organizations(request).get(slug=organization))


def delete_organization(request, organization):
    require_scope(request, "org:admin")
    own_organizations(request).get(slug=organization).delete()
    return 204, None


def list_members(request, organization):
    require_scope(request, "member:read", "member:write", "member:admin")
    found = OrganizationUser.objects.filter(organization__in=own_organizations(request).filter(slug=organization))
    return paginated(request, found.select_related("user").order_by("id"), describe_member)


def list_team_members(request, organization, team):
    require_scope(request, "member:read", "member:write", "member:admin")
    owner = Team.objects.get(organization__in=own_organizations(request).filter(slug=organization), slug=team)
    return paginated(request, owner.members.select_related("user").order_by("id"), describe_member)


def list_teams(request, organization):
    require_scope(request, "team:read", "team:write", "team:admin")
    found = Team.objects.filter(organization__in=own_organizations(request).filter(slug=organization))
    return paginated(request, found.order_by("id"), describe_team)


def create_team(request, organization):
    require_scope(request, "team:write", "team:admin", "org:admin", "org:write")
    slug = read_json(request, slug=...)["slug"]
    parent = own_organizations(request).get(slug=organization)
    team = Team.objects.create(organization=parent, slug=slug)
    team.members.add(parent.organization_users.get(user_id=request.auth.user_id))
    return 201, describe_team(team)


def list_team_projects(request, organization, team):
    require_scope(request, "project:read")
    return paginated(
        request,
        own_projects(request, organization).filter(teams__slug=team),
        describe_project,
    )


def create_project(request, organization, team):
    require_scope(request, "project:write", "project:admin")
    given = read_json(request, name=..., platform=None)
    parent = own_organizations(request).get(slug=organization)
    owner = parent.teams.get(slug=team)
    slug = free_slug(given["name"], lambda slug: parent.projects.filter(slug=slug).exists(), str)
    project = Project.objects.create(organization=parent, slug=slug, **given)
    ProjectKey.objects.create(project=project)
    owner.projects.add(project)
    return 201, describe_project(project)


def list_projects(request, organization=None):
    require_scope(request, "project:read")
    found = Project.objects.filter(organization__users=request.auth.user_id)
    if organization:
        found = found.filter(organization__slug=organization)
    return paginated(
        request,
        found.select_related("organization").order_by("name"),
        describe_project_with_organization,
    )


def get_project(request, organization, project):
    require_scope(request, "project:read", "project:write", "project:admin")
    return describe_project_with_organization(own_projects(request, organization).get(slug=project))


def delete_project(request, organization, project):
    require_scope(request, "project:admin")
    own_projects(request, organization).get(slug=project).delete()
    return 204, None


def list_keys(request, organization, project):
    require_scope(request, "project:read", "project:write", "project:admin")
    found = ProjectKey.objects.filter(project__in=own_projects(request, organization).filter(slug=project))
    return paginated(request, found.order_by("id"), describe_key)


def create_key(request, organization, project):
    require_scope(request, "project:write", "project:admin")
    name = read_json(request, name="")["name"] or ""
    parent = own_projects(request, organization).get(slug=project)
    return 201, describe_key(ProjectKey.objects.create(project=parent, name=name))


organizations = endpoint(get=list_organizations, post=create_organization)
organization = endpoint(get=get_organization, delete=delete_organization)
members = endpoint(get=list_members)
team_members = endpoint(get=list_team_members)
teams = endpoint(get=list_teams, post=create_team)
team_projects = endpoint(get=list_team_projects, post=create_project)
organization_projects = endpoint(get=list_projects)
all_projects = endpoint(get=list_projects)
project = endpoint(get=get_project, delete=delete_project)
keys = endpoint(get=list_keys, post=create_key)
