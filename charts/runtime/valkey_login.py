"""Ends a process of GlitchTip 6.2 that Valkey refused once, to be started again.

Seen with django-vcache 3.2.0: its connection that is refused once, as while Valkey's users are changed, answers WRONGPASS for the
rest of the process's life, although Valkey takes the very same password again. Web then answers 500 to every event, and a worker
takes nothing from its queue while its heartbeat goes on.
"""

import os
import signal
import sys
import threading
import time

EVERY_SECONDS = 5
# Twice in a row: between the refusal and the new connection the password may have come back.
TIMES = 2


def refused(use):
    try:
        use()
    except Exception as error:
        return "WRONGPASS" in str(error)
    return False


def is_broken():
    """Whether the connection that this process keeps is refused, and a new one with the same password is not."""
    from django.conf import settings
    from django.core.cache import caches

    # All caches of a process share one connection.
    if not refused(lambda: caches["default"].get("glitchkeeper")):
        return False
    try:
        from django_vcache._driver import RustValkeyDriver

        RustValkeyDriver.connect(settings.CACHES["default"]["LOCATION"]).get_sync("glitchkeeper")
    except Exception:
        return False
    return True


def uses_valkey():
    # Settings may be loading in this moment.
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    return "django_vcache.backend" in sys.modules and settings is not None and settings.configured


def watch():
    times = 0
    while times < TIMES:
        time.sleep(EVERY_SECONDS)
        times = times + 1 if uses_valkey() and is_broken() else 0
    print("Valkey refused this process once, and it does not recover from that: ending, to be started again", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


def start():
    threading.Thread(target=watch, daemon=True).start()


start()
# Granian forks its processes, and a thread is not forked with them.
os.register_at_fork(after_in_child=start)
