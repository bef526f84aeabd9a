"""Imports organization, people, teams, projects and keys from an old Sentry or GlitchTip (the Job of a move).

GlitchTip's own importer does it (apps/importer, what `manage.py import URL TOKEN ORGANIZATION` runs), in this process: the token
is in a file, and no argument that a list of processes shows. What the importer reads passes through here, because by itself it
overwrites what has the same number (own_numbers.py), reads the first page only, stops at an invitation that nobody has
accepted, and turns keys on that were turned off. To run it twice imports nothing twice.

What became of it is one line of JSON in the termination message: `{"result": "imported", "projects": 3, ...}`, or
`{"result": "failed", "why": "...", "again": true}`, where `again` says that another try may end otherwise.
"""

import asyncio
import json
import os
import re
import sys
import traceback

from old_server import Away, OldServer, Refused
from own_numbers import mend_sequences, number_for

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
sys.path.insert(0, os.getcwd())
REPORT = os.environ.get("REPORT_FILE", "/dev/termination-log")
LONGEST_NAME = 64
KEY = re.compile(r"^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$")


class Rewriter:
    """Rows of the old one as the importer may have them: numbers of ours, nothing that it cannot take."""

    def __init__(self, models):
        self.models = models
        self.organization = None
        self.projects = {}
        self.counts = {"organizations": 0, "people": 0, "projects": 0, "keys": 0, "teams": 0, "renumbered": 0, "leftOut": 0}

    def rewrite(self, kind, rows):
        changed = getattr(self, kind)(rows)
        if kind in self.counts:
            self.counts[kind] += len(changed)
        return changed

    def number(self, model, row, **name):
        number = number_for(self.models[model], row["id"], **name)
        self.counts["renumbered"] += str(number) != str(row["id"])
        return number

    def one_organization(self, row):
        self.organization = self.number("Organization", row, slug=row["slug"])
        self.counts["organizations"] = 1
        return {"id": self.organization, "slug": row["slug"], "name": row["name"]}

    def people(self, rows):
        # Who was invited and never came has no account.
        members = [row for row in rows if row.get("user") and row.get("email")]
        self.counts["leftOut"] += len(rows) - len(members)
        return [self.member(row) for row in members]

    def member(self, row):
        email = row["user"].get("email") or row["email"]
        user = {"id": self.number("User", row["user"], email__iexact=email), "email": email, "name": (row["user"].get("name") or "")[:255]}
        # Whoever has an account here, in whichever letters, keeps it as it is.
        user |= self.models["User"].objects.filter(pk=user["id"]).values("id", "email", "name").first() or {}
        email = user["email"]
        role = row["role"] if row["role"] in ("admin", "manager", "owner") else "member"
        return {"user": user, "email": email, "role": role}

    def projects_of(self, rows):
        changed = []
        for row in rows:
            number = self.number("Project", row, organization_id=self.organization, slug=row["slug"])
            self.projects[str(row["id"])] = number
            changed.append({"id": number, "slug": row["slug"], "name": row["name"][:LONGEST_NAME], "platform": row.get("platform") or ""})
        self.counts["projects"] = len(changed)
        return changed

    def keys(self, rows):
        changed = [
            {"public": row["public"], "projectId": self.projects[self.old_project(row)], "label": (row.get("label") or row.get("name") or "")[:LONGEST_NAME]}
            for row in rows
            if row.get("isActive", True) and KEY.match(row["public"])
        ]
        self.counts["leftOut"] += len(rows) - len(changed)
        return changed

    @staticmethod
    def old_project(row):
        return str(row.get("projectId") or row.get("projectID"))

    def teams(self, rows):
        return [
            {
                "id": self.number("Team", row, organization_id=self.organization, slug=row["slug"]),
                "slug": row["slug"],
                "projects": [{"id": self.projects[str(each["id"])]} for each in row.get("projects", []) if str(each["id"]) in self.projects],
            }
            for row in rows
        ]

    def members_of_team(self, rows):
        return [{"email": row["email"]} for row in rows if row.get("email")]


def kind_of(path, importer):
    """What a path of the importer asks for."""
    known = {
        importer.organization_url: "one_organization",
        importer.organization_users_url: "people",
        importer.projects_url: "projects_of",
        importer.teams_url: "teams",
    }
    if path in known:
        return known[path]
    if path.endswith("/keys/"):
        return "keys"
    if path.endswith("/members/"):
        return "members_of_team"
    raise Refused(f"the importer of this GlitchTip asks for {path}, which is not known here")


def build_importer(server, rewriter, organization):
    from apps.importer.importer import GlitchTipImporter
    from asgiref.sync import sync_to_async

    class Importer(GlitchTipImporter):
        async def get(self, url):
            path = url.removeprefix(server.url)
            # Slugs of projects are those of the old one here, as they are imported.
            rows = await asyncio.to_thread(server.read, path)
            return await sync_to_async(rewriter.rewrite)(kind_of(path, self), rows)

        async def check_auth(self):
            found = await asyncio.to_thread(server.read, "/api/0/")
            if not found.get("user"):
                raise Refused("the token is none of a person's: make a user auth token")

    return Importer(server.url, server.token, organization, create_users=True)


def import_all(server, organization):
    from apps.organizations_ext.models import Organization
    from apps.projects.models import Project, ProjectKey
    from apps.teams.models import Team
    from apps.users.models import User

    counted = (Organization, Project, ProjectKey)
    rewriter = Rewriter({model.__name__: model for model in (Organization, Project, Team, User)})
    importer = build_importer(server, rewriter, organization)

    async def run():
        await importer.check_auth()
        await importer.run()

    # One that was cut off left them behind.
    mend_sequences(counted)
    try:
        asyncio.run(run())
    finally:
        mend_sequences(counted)
    return rewriter.counts


def read_token(path):
    try:
        with open(path, encoding="utf-8") as file:
            token = file.read().strip()
    except FileNotFoundError:
        token = ""
    if not token:
        raise Refused("Secret glitchtip-move has no token of the old one's API")
    return token


def report(**what):
    text = json.dumps(what)
    print(text, flush=True)
    with open(REPORT, "w", encoding="utf-8") as file:
        file.write(text)


def describe(reason):
    """Class and place: the text of an error, and a traceback, may quote a row of the old one."""
    frame = traceback.extract_tb(reason.__traceback__)[-1]
    return f"{type(reason).__name__} ({os.path.basename(frame.filename)}:{frame.lineno})"


def main():
    import django

    django.setup()
    from django.db import DatabaseError

    try:
        server = OldServer(os.environ["OLD_SERVER"], read_token(os.environ["TOKEN_FILE"]))
        report(result="imported", **import_all(server, os.environ["OLD_ORGANIZATION"]))
    except Refused as reason:
        report(result="failed", why=str(reason), again=False)
    except Away as reason:
        report(result="failed", why=str(reason)[:300], again=True)
    except DatabaseError as reason:
        report(result="failed", why=f"the database refused it: {describe(reason)}", again=True)
    except (AttributeError, ImportError, KeyError, TypeError) as reason:
        report(result="failed", why=f"the importer of this GlitchTip, or the old one, is of another form: {describe(reason)}", again=False)
    except Exception as reason:
        report(result="failed", why=f"the importer ended: {describe(reason)}", again=True)
    else:
        return
    sys.exit(1)


main()
