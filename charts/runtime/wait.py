"""Waits, in an init container, until GlitchTip may start: `wait.py database RELEASE` or `wait.py migrations RELEASE`.

Either way the database is not that of another release (release_guard.py). database: the application's login works. migrations: nothing is left to migrate, and an administrator exists, because
GlitchTip lets anybody sign up while it has no user; and no restore or upgrade has stopped web and worker (ConfigMap glitchtip-hold):
whoever applies manifests in the middle of one starts nothing. One process asks again and again: a new one would cost 4 s of CPU.
"""

import os
import signal
import sys
import time

import release_guard

ASK_EVERY_SECONDS = 2
HOLD_FILE = "/run/hold/by"


def database(release):
    from django.db import connection

    with connection.cursor() as cursor:
        refusal = release_guard.refusal(cursor, release)
    if refusal:
        raise NotYet(refusal)


def migrations(release):
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    holder = release_guard.read_word(HOLD_FILE)
    if holder:
        raise NotYet(f"{holder} holds web and worker: the operator starts them when it has come so far")
    database(release)
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if left:
        raise NotYet(f"{len(left)} migrations are not applied yet, next: {left[0][0]}")
    if not get_user_model().objects.filter(is_superuser=True).exists():
        raise NotYet("the administrator does not exist yet")


class NotYet(Exception):
    pass


def main():
    import django
    from django.db import DatabaseError

    # It is process 1 of its container, which ignores this signal unless somebody asks for it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    django.setup()
    _, mode, release = sys.argv
    check = {"database": database, "migrations": migrations}[mode]
    said = None
    while True:
        try:
            check(release)
        except (NotYet, DatabaseError) as reason:
            from django.db import connections

            connections.close_all()
            text = (str(reason).strip() or type(reason).__name__).splitlines()[0]
            if text != said:
                print(f"waiting: {text}", flush=True)
                said = text
            time.sleep(ASK_EVERY_SECONDS)
        else:
            print(f"{mode}: ready", flush=True)
            return


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
# The pool of 5.2 hides why a login fails and takes 30 s to say that it failed; 6.2 does not know this variable, and its driver says so at once.
os.environ["DATABASE_POOL"] = "False"
sys.path.insert(0, os.getcwd())
main()
