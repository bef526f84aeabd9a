"""How heavy GlitchTip 6.2 is. Nobody here has measured it: at rest 6.2.6 has just under 200 MiB all in one, as one of its users says, and the rest is 5.2's."""

import os
import sys

# Resident memory in MiB after start, by kind of process.
SERVER_FOOTPRINT = 195
WORKER_FOOTPRINT = 170
COMMAND_FOOTPRINT = 130

# CPU time at full core: what starting costs beyond the double's own start, the first ingest request of a process, any later one, and
# the storing of one event.
START_SECONDS = 0.6
FIRST_INGEST_REQUEST_SECONDS = 0.2
INGEST_REQUEST_SECONDS = 0.003
STORED_EVENT_SECONDS = 0.0015


def footprint_of_this_process():
    if "granian" in sys.modules:
        return SERVER_FOOTPRINT
    return WORKER_FOOTPRINT if os.environ.get("IS_WORKER") == "true" else COMMAND_FOOTPRINT
