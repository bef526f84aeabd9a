"""The one place that makes the double as heavy as the real GlitchTip 5.2: memory held, CPU time spent.

GLITCHTIP_DOUBLE_BALLAST=off: as light as it is, where only its answers matter.

The figures are the real one's, measured as README.md says; change them there and here together.
"""

import os
import sys
import time

IS_ON = os.environ.get("GLITCHTIP_DOUBLE_BALLAST") != "off"

MEBIBYTE = 1024 * 1024

# Resident memory in MiB after start, by kind of process.
WEB_FOOTPRINT = 160
WORKER_FOOTPRINT = 138
COMMAND_FOOTPRINT = 110

# CPU time at full core: what starting costs beyond the double's own start, the first ingest request of a process
# (the real one imports the rest of itself then), any later one, and the storing of one event.
START_SECONDS = 0.6
FIRST_INGEST_REQUEST_SECONDS = 0.4
INGEST_REQUEST_SECONDS = 0.0038
STORED_EVENT_SECONDS = 0.0011

_held = []
_served = set()


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
    if IS_ON and missing > 0:
        _held.append(bytearray(b"\x01") * missing)


def ingest_request():
    """The cost of one ingest request; the first of a process is dear."""
    seconds = INGEST_REQUEST_SECONDS if _served else FIRST_INGEST_REQUEST_SECONDS
    _served.add(True)
    return CpuFloor(seconds)


class CpuFloor:
    """Spends CPU time at the end of a block until the block has used the given number of seconds of it."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.started = time.thread_time()

    def __exit__(self, *_):
        while IS_ON and time.thread_time() - self.started < self.seconds:
            sum(range(2000))
