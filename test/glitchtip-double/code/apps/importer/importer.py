"""The importer: what `manage.py import` runs. As in the original it keeps the numbers of the old server, whoever has them here.

It reads through `get` alone, writes row by row by number, and counts each sequence on from the largest number in its table.
Its own `get` is not here: whoever runs it brings one.
"""

from asgiref.sync import sync_to_async
from django.db import connection

from apps.organizations_ext.models import Organization, OrganizationUser
from apps.projects.models import Project, ProjectKey
from apps.teams.models import Team
from apps.users.models import User

ROLES = {"member": 0, "admin": 1, "manager": 2, "owner": 3}


def store(model, number, **fields):
    """What has this number is overwritten."""
    model.objects.update_or_create(id=int(number), defaults=fields)


def count_on(model):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table}",
            [table],
        )


class GlitchTipImporter:
    def __init__(self, url, auth_token, organization_slug, create_users=False):
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {auth_token}"}
        self.create_users = create_users
        self.organization_slug = organization_slug
        self.organization_id = None
        self.organization_url = f"/api/0/organizations/{organization_slug}/"
        self.organization_users_url = f"{self.organization_url}members/"
        self.projects_url = f"{self.organization_url}projects/"
        self.teams_url = f"{self.organization_url}teams/"

    async def get(self, url):
        raise NotImplementedError

    async def run(self, organization_id=None):
        await self.import_organization()
        await self.import_organization_users()
        await self.import_projects()
        await self.import_teams()

    async def import_organization(self):
        row = await self.get(self.url + self.organization_url)
        self.organization_id = row["id"]
        await sync_to_async(store)(Organization, row["id"], slug=row["slug"], name=row["name"])
        await sync_to_async(count_on)(Organization)

    async def import_organization_users(self):
        rows = await self.get(self.url + self.organization_users_url)
        await sync_to_async(self.store_users)(rows)

    def store_users(self, rows):
        for row in rows:
            user = row["user"]
            store(User, user["id"], email=user["email"], name=user["name"])
            member = User.objects.get(email=user["email"])
            OrganizationUser.objects.update_or_create(
                user=member, organization_id=self.organization_id, defaults={"role": ROLES[row["role"]]}
            )
        count_on(User)

    async def import_projects(self):
        projects = await self.get(self.url + self.projects_url)
        keys = []
        for project in projects:
            keys += await self.get(
                f"{self.url}/api/0/projects/{self.organization_slug}/{project['slug']}/keys/"
            )
        await sync_to_async(self.store_projects)(projects, keys)

    def store_projects(self, projects, keys):
        for row in projects:
            fields = {"slug": row["slug"], "name": row["name"], "platform": row["platform"]}
            store(Project, row["id"], organization_id=self.organization_id, **fields)
        count_on(Project)
        for row in keys:
            ProjectKey.objects.get_or_create(project_id=row["projectId"], public_key=row["public"])
        count_on(ProjectKey)

    async def import_teams(self):
        teams = await self.get(self.url + self.teams_url)
        for team in teams:
            team["members"] = await self.get(
                f"{self.url}/api/0/teams/{self.organization_slug}/{team['slug']}/members/"
            )
        await sync_to_async(self.store_teams)(teams)

    def store_teams(self, rows):
        for row in rows:
            store(Team, row["id"], organization_id=self.organization_id, slug=row["slug"])
            team = Team.objects.get(id=row["id"])
            emails = [member["email"] for member in row["members"]]
            team.projects.set([int(project["id"]) for project in row["projects"]])
            team.members.set(
                OrganizationUser.objects.filter(organization_id=self.organization_id, user__email__in=emails)
            )
        count_on(Team)
