"""How heavy the real GlitchTip 5.2 is, measured as README.md says; change the figures there and here together."""

import os
import sys

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


def footprint_of_this_process():
    if "uwsgi" in sys.modules:
        return WEB_FOOTPRINT
    if os.environ.get("IS_CELERY") == "true":
        return WORKER_FOOTPRINT
    return COMMAND_FOOTPRINT
