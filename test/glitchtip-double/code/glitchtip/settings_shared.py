"""Django settings that the releases share: variables that an operator sets, with their names and defaults in GlitchTip 5.2."""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

# FileAwareEnv reads X from the file that X_FILE names, and strips nothing.
env = environ.FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.str("SECRET_KEY", "change_me")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", str, ["*"])
if POD_IP := env.str("POD_IP", None):
    ALLOWED_HOSTS.append(POD_IP)
GLITCHTIP_VERSION = env.str("GLITCHTIP_VERSION", "0.0.0-unknown")
GLITCHTIP_URL = env.url(
    "GLITCHTIP_URL",
    env.str("APP_URL", env.str("GLITCHTIP_DOMAIN", "http://localhost:8000")),
)
if GLITCHTIP_URL.scheme not in ("http", "https"):
    raise ImproperlyConfigured("GLITCHTIP_DOMAIN must start with http or https")

GLITCHTIP_MAX_EVENT_LIFE_DAYS = env.int("GLITCHTIP_MAX_EVENT_LIFE_DAYS", 90)
GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE = env.int("GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE", 2621440)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4294967295
MAINTENANCE_EVENT_FREEZE = env.bool("MAINTENANCE_EVENT_FREEZE", False)
ENABLE_USER_REGISTRATION = env.bool("ENABLE_USER_REGISTRATION", True)
ENABLE_ORGANIZATION_CREATION = env.bool("ENABLE_ORGANIZATION_CREATION", False)

# Celery does without the web parts, as in the original.
IS_CELERY = env.bool("IS_CELERY", False)
WEB_APPS = [
    "django.contrib.admin",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
INSTALLED_APPS = ([] if IS_CELERY else WEB_APPS) + [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "glitchtip.apps.GlitchTipConfig",
    "apps.users",
    "apps.organizations_ext",
    "apps.projects",
    "apps.teams",
    "apps.api_tokens",
    "apps.issue_events",
    "apps.event_ingest",
    "apps.performance",
    "apps.uptime",
]
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
    "glitchtip.middleware.DecompressBodyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "glitchtip.urls"
WSGI_APPLICATION = "glitchtip.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "dist"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", str, [])
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SESSION_COOKIE_SECURE = env.bool("SESSION_COOKIE_SECURE", False)
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", 1209600)

DATABASES = {"default": env.db("DATABASE_URL", "postgres://postgres:postgres@postgres:5432/postgres")}
if env.str("DATABASE_HOST", None):
    DATABASES["default"].update(
        NAME=env.str("DATABASE_NAME", "postgres"),
        USER=env.str("DATABASE_USER", "postgres"),
        PASSWORD=env.str("DATABASE_PASSWORD"),
        HOST=env.str("DATABASE_HOST"),
        PORT=env.str("DATABASE_PORT", "5432"),
    )
# What rows of events are read from.
EVENTS_TABLE = "issue_events_issueevent"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def valkey_url():
    """VALKEY_HOST and its companions win over VALKEY_URL; the password is not URL-escaped."""
    host = env.str("VALKEY_HOST", env.str("REDIS_HOST", None))
    if not host:
        return env.str("VALKEY_URL", env.str("REDIS_URL", "redis://redis:6379/0"))
    password = env.str("VALKEY_PASSWORD", env.str("REDIS_PASSWORD", None))
    user = f":{password}@" if password else ""
    port = env.str("VALKEY_PORT", env.str("REDIS_PORT", "6379"))
    return f"redis://{user}{host}:{port}/{env.str('VALKEY_DATABASE', '0')}"


VALKEY_URL = valkey_url()
SESSION_ENGINE = "django.contrib.sessions.backends.cache"

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = (
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
)
ACCOUNT_ADAPTER = "glitchtip.adapters.AccountAdapter"
ACCOUNT_AUTHENTICATION_METHOD = "email"
ACCOUNT_EMAIL_REQUIRED = True
ACCOUNT_USERNAME_REQUIRED = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
HEADLESS_ONLY = True
HEADLESS_FRONTEND_URLS = {
    "account_signup": "/login",
    "account_reset_password": "/reset-password",
    "account_confirm_email": "/profile/confirm-email/{key}/",
    "account_reset_password_from_key": "/reset-password/set-new-password/{key}",
    "socialaccount_login_error": "/login?socialLoginError=true",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
LOGIN_URL = "/login"

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "webmaster@localhost")
if os.environ.get("EMAIL_TIMEOUT"):
    EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT")
if os.environ.get("EMAIL_URL"):
    vars().update(env.email_url("EMAIL_URL"))

TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "null": {"class": "logging.NullHandler"},
        "console": {"class": "logging.StreamHandler"},
    },
    "loggers": {"django.security.DisallowedHost": {"handlers": ["null"], "propagate": False}},
    "root": {"handlers": ["console"]},
}
