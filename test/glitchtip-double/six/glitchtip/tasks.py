"""The scheduled maintenance."""

from django.core.management import call_command
from django_vtasks import task


@task
def perform_maintenance():
    call_command("maintain_partitions")
