#!/bin/sh
# django-vtasks' own worker with the scheduler inside; a heartbeat only with VTASKS_HEALTH_CHECK_FILE.
set -e
export IS_WORKER=true
exec ./manage.py runworker --scheduler
