"""The one place that makes the double as heavy as the real GlitchTip: memory held, CPU time spent.

GLITCHTIP_DOUBLE_BALLAST=off: as light as it is, where only its answers matter.

How heavy that is: figures.py.
"""

import os
import time

from .figures import (
    FIRST_INGEST_REQUEST_SECONDS,
    INGEST_REQUEST_SECONDS,
    START_SECONDS,
    STORED_EVENT_SECONDS,
    footprint_of_this_process,
)

__all__ = [
    "START_SECONDS",
    "STORED_EVENT_SECONDS",
    "CpuFloor",
    "footprint_of_this_process",
    "hold",
    "ingest_request",
]

IS_ON = os.environ.get("GLITCHTIP_DOUBLE_BALLAST") != "off"

MEBIBYTE = 1024 * 1024

_held = []
_served = set()


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
