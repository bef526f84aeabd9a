"""Brings events of the release before, which the migration put into an archive, to where this release looks for them.

GlitchTip's own command does it, some thousand at a time; what it has brought it deletes from the archive, so that another run goes on
where this one was ended. Its progress is a line of JSON after each; the last one is the termination message, which the operator reads.
"""

import json
import os
import sys

REPORT = os.environ.get("REPORT", "/dev/termination-log")
ARCHIVE = "issue_events_issueevent_archive"
COUNT = f"SELECT count(*) FROM {ARCHIVE}"
EXISTS = f"SELECT to_regclass('public.{ARCHIVE}') IS NOT NULL"
BATCH = 2000


def left():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(EXISTS)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(COUNT)
        return cursor.fetchone()[0]


def run():
    from django.core.management import call_command

    first = before = left()
    tell(imported=0, left=before)
    while before > 0:
        call_command("import_legacy_events", "--limit", str(BATCH), "--delete-source")
        now = left()
        tell(imported=first - now, left=now)
        # What is left is here already, or belongs to nothing that is here.
        if now >= before:
            break
        before = now
    return {"imported": first - before, "left": before}


def tell(**what):
    print(json.dumps(what), flush=True)


def report(**what):
    tell(**what)
    with open(REPORT, "w", encoding="utf-8") as file:
        json.dump(what, file)


def main():
    import django

    django.setup()
    from django.core.management.base import CommandError
    from django.db import DatabaseError

    try:
        report(result="imported", **run())
    except (CommandError, DatabaseError) as reason:
        report(result="failed", why=(str(reason) or type(reason).__name__).splitlines()[0][:300])
        sys.exit(1)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
# Django's pool hides why a login fails.
os.environ["DATABASE_POOL"] = "False"
sys.path.insert(0, os.getcwd())
main()
