"""Loaded by every Python process of GlitchTip (PYTHONPATH): what it cannot be told by a variable.

- SECRET_KEY_FALLBACKS: GlitchTip's settings never define it, so Django falls back to its global setting. Old keys,
  SECONDS:KEY a line, keep sessions and links alive until that second of the epoch, without a restart when it comes.
- CSRF_COOKIE_SECURE: GlitchTip 5.2 defines SESSION_COOKIE_SECURE only, and so its csrftoken would travel in clear.
- A heartbeat file for the worker's probe: it says "Python runs"; an outage of Valkey or PostgreSQL does not stop it.
- A worker that takes nothing from the queue any more ends, to be started again: after a restart of Valkey, Celery 5.5
  sometimes connects and never consumes (celery/celery#10205), and every event from then on would wait for ever.
- What Celery itself does not survive in the worker: celery_repairs.py.
- Rows in the texts of PostgreSQL's errors: database_errors.py.
- A migration that was ended between its change and its row in django_migrations: migration_records.py.
- A process of 6.2 that Valkey refused once: valkey_login.py. Its worker inside web, when it ends: embedded_worker.py.
- Certificate authorities of one's own: certificate_authorities.py. A mail server with a login: email_login.py.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

FALLBACKS_FILE = "/run/secrets/glitchtip/SECRET_KEY_FALLBACKS"
HEARTBEAT_SECONDS = 5
# Longer than the 30 s for which a thread waits for a connection while PostgreSQL is down.
STUCK_SECONDS = 60


class KeysUntil(Sequence):
    """Old keys, each until its time: however Django reads it, one that has expired is not there."""

    def __init__(self, entries):
        self._entries = entries

    def _valid(self):
        now = time.time()
        return [key for until, key in self._entries if now < until]

    def __getitem__(self, index):
        return self._valid()[index]

    def __len__(self):
        return len(self._valid())


def keep_old_keys_valid():
    try:
        with open(FALLBACKS_FILE, encoding="utf-8") as file:
            lines = [line.partition(":") for line in file.read().split()]
    except FileNotFoundError:
        return
    from django.conf import global_settings

    # A line without a time would be a key without an end.
    global_settings.SECRET_KEY_FALLBACKS = KeysUntil([(int(until), key) for until, _, key in lines if until.isdigit() and key])


def keep_csrf_cookie_secure():
    if os.environ.get("CSRF_COOKIE_SECURE") == "True":
        from django.conf import global_settings

        global_settings.CSRF_COOKIE_SECURE = True


class Queue:
    """Whether the message that is next to be taken stays the same."""

    def __init__(self):
        import redis

        self.unreachable = redis.RedisError
        with open(os.environ["VALKEY_URL_FILE"], encoding="utf-8") as file:
            self.client = redis.Redis.from_url(file.read(), socket_timeout=5, socket_connect_timeout=5)
        self.next = None
        self.since = time.monotonic()

    def is_stuck(self):
        try:
            found = self.client.lindex("celery", -1)
        except self.unreachable:
            found = None
        # A worker that waits for PostgreSQL takes nothing on purpose: an outage of PostgreSQL must not restart it.
        waits = getattr(sys.modules.get("celery_repairs"), "waits_for_database", bool)()
        if found is None or found != self.next or waits:
            self.next, self.since = found, time.monotonic()
        return time.monotonic() - self.since > STUCK_SECONDS


def beat(path):
    queue = Queue()
    while not queue.is_stuck():
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(time.time()))
        time.sleep(HEARTBEAT_SECONDS)
    print(f"nothing was taken from the queue for {STUCK_SECONDS} s: ending, to be started again", file=sys.stderr, flush=True)
    # Celery puts back what it had taken; if it cannot, the heartbeat is missed and the kubelet ends it.
    os.kill(os.getpid(), signal.SIGTERM)


if "GLITCHKEEPER_CERTIFICATE_AUTHORITIES" in os.environ:
    import certificate_authorities  # noqa: F401 (it adds them when it is imported)
if "GLITCHKEEPER_EMAIL_DIR" in os.environ:
    import email_login  # noqa: F401 (likewise)
import database_errors  # noqa: E402, F401 (it waits for psycopg when it is imported)
import embedded_worker  # noqa: E402, F401 (it waits for django-vtasks)
import migration_records  # noqa: E402, F401 (it waits for Django's migrations)

if "VTASKS_VALKEY_PREFIX" in os.environ:
    import valkey_login  # noqa: F401 (it watches when it is imported)

keep_old_keys_valid()
keep_csrf_cookie_secure()
# Only the worker itself beats: a probe or a helper script in the same container must not make a dead worker look alive.
# orig_argv and not argv, which says only "-m" of a `python -m celery worker` while this file is loaded.
IS_WORKER = "worker" in sys.orig_argv and any(os.path.basename(word) == "celery" for word in sys.orig_argv)
if "GLITCHKEEPER_HEARTBEAT_FILE" in os.environ and IS_WORKER:
    threading.Thread(target=beat, args=(os.environ["GLITCHKEEPER_HEARTBEAT_FILE"],), daemon=True).start()
if IS_WORKER:
    # After the heartbeat: with a Celery that it does not know, the worker says so at its start and works unrepaired.
    import celery_repairs  # noqa: F401 (it repairs when it is imported)
