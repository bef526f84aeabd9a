"""Django settings of the double of GlitchTip 5.2."""

from celery.schedules import crontab
from psycopg_pool import ConnectionPool

from .settings_shared import *  # noqa: F403
from .settings_shared import DATABASES, VALKEY_URL, env

DATABASES["default"].update(
    ENGINE="glitchtip.pooled_postgres",
    DISABLE_SERVER_SIDE_CURSORS=True,
    POOL={
        "min_size": env.int("DATABASE_POOL_MIN_SIZE", 2),
        "max_size": env.int("DATABASE_POOL_MAX_SIZE", 10),
        "check": ConnectionPool.check_connection if env.bool("DATABASE_CONN_HEALTH_CHECKS", False) else None,
    }
    if env.bool("DATABASE_POOL", True)
    else None,
)

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", VALKEY_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "fanout_prefix": True,
    "fanout_patterns": True,
    "retry_on_timeout": True,
    "max_connections": 100,
}
CELERY_BEAT_SCHEDULE = {
    "perform-maintenance": {
        "task": "glitchtip.tasks.perform_maintenance",
        "schedule": crontab(hour=5, minute=0),
    },
    "uptime-dispatch-checks": {
        "task": "apps.uptime.tasks.dispatch_checks",
        "schedule": 10,
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY_URL,
        "OPTIONS": {"retry_on_timeout": True, "max_connections": 100},
    }
}
