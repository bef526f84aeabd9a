"""`manage.py pgpartition --yes`: the partition maintenance that the migrate script and the scheduler run."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from glitchtip.partitions import maintain_partitions


class Command(BaseCommand):
    """Creates and deletes partitions."""

    help = "Create new partitions and delete old ones"

    def add_arguments(self, parser):
        parser.add_argument("--yes", "-y", action="store_true", dest="yes")

    def handle(self, *args, **options):
        if not options["yes"] and input("Create and delete partitions? y/N ") != "y":
            return
        created, dropped = maintain_partitions(timezone.now().date())
        self.stdout.write(f"{len(created)} created, {len(dropped)} deleted")
