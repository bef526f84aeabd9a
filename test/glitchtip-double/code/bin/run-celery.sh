#!/bin/bash
# A Celery worker. The four assignments are not exported, so Celery never sees them: the real script has the same trap.
set -e
export IS_CELERY=true
CELERY_WORKER_POOL="${CELERY_WORKER_POOL:-threads}"
CELERY_WORKER_CONCURRENCY="${CELERY_WORKER_CONCURRENCY:-10}"
CELERY_WORKER_PREFETCH_MULTIPLIER="${CELERY_WORKER_PREFETCH_MULTIPLIER:-11}"
CELERY_WORKER_MAX_TASKS_PER_CHILD="${CELERY_WORKER_MAX_TASKS_PER_CHILD:-10000}"
exec celery -A glitchtip worker -l info -s /tmp/celerybeat-schedule
