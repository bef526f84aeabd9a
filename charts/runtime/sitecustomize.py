"""Loaded by every Python process of GlitchTip (PYTHONPATH): what it cannot be told by a variable.

- SECRET_KEY_FALLBACKS: GlitchTip's settings never define it, so Django falls back to its global setting. Old keys,
  one a line, keep sessions and links alive while a rotation's grace lasts. The file is absent outside of a grace.
- A heartbeat file for the worker's probe: it says "Python runs", and asks neither Valkey nor PostgreSQL.
"""

import os
import sys
import threading
import time

FALLBACKS_FILE = "/run/secrets/glitchtip/SECRET_KEY_FALLBACKS"
HEARTBEAT_SECONDS = 5


def keep_old_keys_valid():
    try:
        with open(FALLBACKS_FILE, encoding="utf-8") as file:
            keys = file.read().split()
    except FileNotFoundError:
        return
    from django.conf import global_settings

    global_settings.SECRET_KEY_FALLBACKS = keys


def beat(path):
    while True:
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(time.time()))
        time.sleep(HEARTBEAT_SECONDS)


keep_old_keys_valid()
# Only the worker itself beats: a probe or a helper script in the same container must not make a dead worker look alive.
# orig_argv and not argv, which says only "-m" of a `python -m celery worker` while this file is loaded.
IS_WORKER = "worker" in sys.orig_argv and any(os.path.basename(word) == "celery" for word in sys.orig_argv)
if "GLITCHKEEPER_HEARTBEAT_FILE" in os.environ and IS_WORKER:
    threading.Thread(target=beat, args=(os.environ["GLITCHKEEPER_HEARTBEAT_FILE"],), daemon=True).start()
