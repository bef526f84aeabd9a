"""The Celery application, under the name that `celery -A glitchtip` looks for."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")

app = Celery("glitchtip")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
