#!/bin/bash
# The scheduler alone; exactly one may run.
set -e
export IS_CELERY=true
exec celery -A glitchtip beat -s /tmp/celerybeat-schedule -l info --pidfile=
