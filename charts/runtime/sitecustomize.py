"""Loaded by every Python process of GlitchTip (PYTHONPATH): what it cannot be told by a variable.

- SECRET_KEY_FALLBACKS: GlitchTip's settings never define it, so Django falls back to its global setting. Old keys,
  one a line, keep sessions and links alive while a rotation's grace lasts. The file is absent outside of a grace.
- A heartbeat file for the worker's probe: it says "Python runs"; an outage of Valkey or PostgreSQL does not stop it.
- A worker that takes nothing from the queue any more ends, to be started again: after a restart of Valkey, Celery 5.5
  sometimes connects and never consumes (celery/celery#10205), and every event from then on would wait for ever.
"""

import os
import signal
import sys
import threading
import time

FALLBACKS_FILE = "/run/secrets/glitchtip/SECRET_KEY_FALLBACKS"
HEARTBEAT_SECONDS = 5
# Longer than the 30 s for which a thread waits for a connection while PostgreSQL is down.
STUCK_SECONDS = 60


def keep_old_keys_valid():
    try:
        with open(FALLBACKS_FILE, encoding="utf-8") as file:
            keys = file.read().split()
    except FileNotFoundError:
        return
    from django.conf import global_settings

    global_settings.SECRET_KEY_FALLBACKS = keys


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
        if found is None or found != self.next:
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


keep_old_keys_valid()
# Only the worker itself beats: a probe or a helper script in the same container must not make a dead worker look alive.
# orig_argv and not argv, which says only "-m" of a `python -m celery worker` while this file is loaded.
IS_WORKER = "worker" in sys.orig_argv and any(os.path.basename(word) == "celery" for word in sys.orig_argv)
if "GLITCHKEEPER_HEARTBEAT_FILE" in os.environ and IS_WORKER:
    threading.Thread(target=beat, args=(os.environ["GLITCHKEEPER_HEARTBEAT_FILE"],), daemon=True).start()
