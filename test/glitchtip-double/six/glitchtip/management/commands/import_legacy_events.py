"""`manage.py import_legacy_events`: brings events of 5.2, which the migration kept in the archive, to where 6.2 looks for them."""

from django.core.management.base import BaseCommand
from django.db import connection

from apps.issue_events.legacy import copy_from_archive


class Command(BaseCommand):
    """Newest first; each event once, however often it is run."""

    help = "Import events of 5.x"

    def add_arguments(self, parser):
        parser.add_argument("--limit", type=int, default=10000)
        parser.add_argument("--delete-source", action="store_true")

    def handle(self, *args, **options):
        with connection.cursor() as cursor:
            count = copy_from_archive(cursor, options["limit"], options["delete_source"])
        self.stdout.write(f"{count} imported")
