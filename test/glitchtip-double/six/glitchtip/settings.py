"""Django settings of the double of GlitchTip 6.2: those of 5.2's where both have them, and what 6.2 has otherwise."""

from .settings_shared import *  # noqa: F403
from .settings_shared import DATABASES, GLITCHTIP_URL, INSTALLED_APPS, VALKEY_URL, env

_IS_HTTPS = GLITCHTIP_URL.scheme == "https"
SESSION_COOKIE_SECURE = env.bool("SESSION_COOKIE_SECURE", _IS_HTTPS)
CSRF_COOKIE_SECURE = env.bool("CSRF_COOKIE_SECURE", _IS_HTTPS)
GLITCHTIP_MAX_EVENT_LIFE_DAYS = env.int(
    "GLITCHTIP_RETENTION_DAYS", env.int("GLITCHTIP_MAX_EVENT_LIFE_DAYS", 90)
)
GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE = env.int("GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE", 5 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = max(15 * 1024 * 1024, GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE + 1024 * 1024)
PARTITION_HASH_BUCKETS = env.int("PARTITION_HASH_BUCKETS", 4)
GLITCHTIP_RETAIN_LEGACY_DATA = env.bool("GLITCHTIP_RETAIN_LEGACY_DATA", False)
GLITCHTIP_MIGRATION_EVENT_LIMIT = env.int("GLITCHTIP_MIGRATION_EVENT_LIMIT", 1000)
# A view of rows of events as the API of this double, which is that of 5.2, reads them.
EVENTS_TABLE = "double_issueevent"
GLITCHTIP_ENABLE_LOGS = env.bool("GLITCHTIP_ENABLE_LOGS", True)
GLITCHTIP_ENABLE_UPTIME = env.bool("GLITCHTIP_ENABLE_UPTIME", True)

# allauth.mfa asks for packages that this image does not have.
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "allauth.mfa"] + [
    "django_vtasks",
    "django_vtasks.db",
]
# What is packed is unpacked by glitchtip-rust, where it is taken (apps/event_ingest/views.py).
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "glitchtip.cors.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
# Neither looks at the Host header, nor at anything but the key.
INGEST_MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "glitchtip.cors.CorsMiddleware"]

DATABASES["default"] |= {
    "ENGINE": "gt_rust.django_backend",
    "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", 0),
    "CONN_HEALTH_CHECKS": env.bool("DATABASE_CONN_HEALTH_CHECKS", False),
    # With them django-vpg 0.6.2 fails at an .iterator() that has a parameter, such as allauth's at sign-up.
    "DISABLE_SERVER_SIDE_CURSORS": True,
    "OPTIONS": {
        "pool": {
            "min_size": env.int("DATABASE_POOL_MIN_SIZE", 2),
            "max_size": env.int("DATABASE_POOL_MAX_SIZE", 20),
            "timeout": env.int("DATABASE_POOL_TIMEOUT", 30),
        }
    },
}


# Empty: queue, cache and sessions are in PostgreSQL.
if VALKEY_URL:
    CACHES = {"default": {"BACKEND": "django_vcache.backend.ValkeyCache", "LOCATION": VALKEY_URL}}
    SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    TASKS = {
        "default": {
            "BACKEND": "django_vtasks.backends.valkey.ValkeyTaskBackend",
            "QUEUES": ["default", "ingest"],
            "OPTIONS": {"BROKER_URL": VALKEY_URL},
        }
    }
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}
    }
    INSTALLED_APPS.append("django.contrib.sessions")
    SESSION_ENGINE = "django.contrib.sessions.backends.db"
    TASKS = {
        "default": {
            "BACKEND": "django_vtasks.backends.db.DatabaseTaskBackend",
            "QUEUES": ["default", "ingest"],
        }
    }

VTASKS_QUEUES = {"default": {}, "ingest": {"batch": {"count": 100, "timeout": 2.0}}}
VTASKS_SCHEDULE = {
    "perform-maintenance": {"task": "glitchtip.tasks.perform_maintenance", "schedule": "0 5 * * *"},
}
if GLITCHTIP_ENABLE_UPTIME:
    VTASKS_SCHEDULE["uptime-dispatch-checks"] = {"task": "apps.uptime.tasks.dispatch_checks", "schedule": 1}

ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
for _old in ("ACCOUNT_AUTHENTICATION_METHOD", "ACCOUNT_EMAIL_REQUIRED", "ACCOUNT_USERNAME_REQUIRED"):
    globals().pop(_old, None)
