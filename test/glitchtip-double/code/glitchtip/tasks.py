"""The scheduled maintenance."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def perform_maintenance():
    call_command("pgpartition", yes=True)
