"""The one place that makes the double as heavy as the real GlitchTip 5.2: memory held, CPU time spent.

The figures are the real one's, measured as README.md says; change them there and here together.
"""

import os
import sys
import time

MEBIBYTE = 1024 * 1024

# Resident memory in MiB after start, by kind of process.
WEB_FOOTPRINT = 165
WORKER_FOOTPRINT = 120
COMMAND_FOOTPRINT = 110
# What a child of Celery's prefork pool dirties beyond what it shares with its parent.
FORKED_WORKER_EXTRA = 60

# CPU time at full core: one ingest request, and the storing of one event.
INGEST_REQUEST_SECONDS = 0.0055
STORED_EVENT_SECONDS = 0.0018

_held = []


def footprint_of_this_process():
    if "uwsgi" in sys.modules:
        return WEB_FOOTPRINT
    if os.environ.get("IS_CELERY") == "true":
        return WORKER_FOOTPRINT
    return COMMAND_FOOTPRINT


def hold(footprint_mebibytes):
    """Adds touched memory until the process is as big as asked; never takes any away."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    missing = footprint_mebibytes * MEBIBYTE - resident
    if missing > 0:
        _held.append(bytearray(b"\x01") * missing)


def hold_in_forked_worker(**_):
    _held.append(bytearray(b"\x01") * (FORKED_WORKER_EXTRA * MEBIBYTE))


class CpuFloor:
    """Spends CPU time at the end of a block until the block has used the given number of seconds of it."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.started = time.thread_time()

    def __exit__(self, *_):
        while time.thread_time() - self.started < self.seconds:
            sum(range(2000))
