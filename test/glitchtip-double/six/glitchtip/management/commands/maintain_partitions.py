"""`manage.py maintain_partitions`: what the migrate script and the scheduler run."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from glitchtip.partitions import maintain_partitions


class Command(BaseCommand):
    """Creates and deletes partitions."""

    help = "Create new partitions and delete old ones"

    def handle(self, *args, **options):
        created, dropped = maintain_partitions(timezone.now())
        self.stdout.write(f"{len(created)} created, {len(dropped)} deleted")
