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
import weakref

EVERY_SECONDS = 5
# Twice in a row: between the refusal and the new connection the password may have come back.
TIMES = 2
# Objects that put tasks into the queue or take them from it; each has a connection of its own.
queues = weakref.WeakSet()


def remember_queues():
    """From its next use on each is in `queues`: they are made by thread, and nothing lists them."""
    backend = getattr(sys.modules.get("django_vtasks.backends.valkey"), "ValkeyTaskBackend", None)
    if backend is None or hasattr(backend, "glitchkeeper_driver"):
        return
    backend.glitchkeeper_driver = backend.driver

    def driver(self):
        queues.add(self)
        return self.glitchkeeper_driver

    backend.driver = property(driver)


def uses():
    """Ways to use each of the connections that this process keeps. All its caches share one."""
    if "django_vcache.backend" in sys.modules:
        from django.core.cache import caches

        yield lambda: caches["default"].get("glitchkeeper")
    for queue in list(queues):
        yield lambda queue=queue: queue.driver.get_sync("glitchkeeper")


def refused(use):
    try:
        use()
    except Exception as error:
        return "WRONGPASS" in str(error)
    return False


def is_broken():
    """Whether a connection that this process keeps is refused, and a new one with the same password is not."""
    from django.conf import settings

    if not any(refused(use) for use in uses()):
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
    return settings is not None and settings.configured and ("django_vcache.backend" in sys.modules or len(queues) > 0)


def watch():
    times = 0
    while times < TIMES:
        time.sleep(EVERY_SECONDS)
        remember_queues()
        times = times + 1 if uses_valkey() and is_broken() else 0
    print("Valkey refused this process once, and it does not recover from that: ending, to be started again", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


def start():
    queues.clear()
    threading.Thread(target=watch, daemon=True).start()


start()
# Granian forks its processes, and a thread is not forked with them.
os.register_at_fork(after_in_child=start)
