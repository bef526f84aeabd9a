"""Issues, and the events that belong to them."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Level(models.IntegerChoices):
    """An event's level, by Sentry's numbers."""

    NOTSET = 0, "sample"
    DEBUG = 1, "debug"
    INFO = 2, "info"
    WARNING = 3, "warning"
    ERROR = 4, "error"
    FATAL = 5, "fatal"


class EventType(models.IntegerChoices):
    """An event with an exception is an error; any other is a message."""

    DEFAULT = 0, "default"
    ERROR = 1, "error"


class Status(models.IntegerChoices):
    """An issue's status."""

    UNRESOLVED = 0, "unresolved"
    RESOLVED = 1, "resolved"
    IGNORED = 2, "ignored"


class Issue(models.Model):
    """Table issue_events_issue."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="issues")
    title = models.CharField(max_length=255)
    culprit = models.CharField(max_length=1024, blank=True, null=True)
    metadata = models.JSONField(default=dict)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.ERROR)
    type = models.PositiveSmallIntegerField(choices=EventType.choices, default=0)
    status = models.PositiveSmallIntegerField(choices=Status.choices, default=0)
    is_deleted = models.BooleanField(default=False)
    short_id = models.PositiveIntegerField(null=True)
    count = models.PositiveIntegerField(default=0)
    first_seen = models.DateTimeField(db_index=True)
    last_seen = models.DateTimeField(db_index=True)

    class Meta:
        """The trigram index is what needs the extension pg_trgm."""

        indexes = [
            GinIndex(
                fields=["title"],
                name="issue_title_trgm_idx",
                opclasses=["gin_trgm_ops"],
            )
        ]


class IssueHash(models.Model):
    """Table issue_events_issuehash: which issue a fingerprint belongs to."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="hashes")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    value = models.UUIDField(db_index=True)

    class Meta:
        """A fingerprint has one issue in a project."""

        constraints = [models.UniqueConstraint(fields=["project", "value"], name="issue hash project")]


class IssueEvent(models.Model):
    """Table issue_events_issueevent, partitioned by day; migrations make it by SQL."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE)
    type = models.PositiveSmallIntegerField(choices=EventType.choices, default=0)
    timestamp = models.DateTimeField()
    received = models.DateTimeField()
    title = models.CharField(max_length=255)
    transaction = models.CharField(max_length=200)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.ERROR)
    data = models.JSONField()
    tags = models.JSONField()

    class Meta:
        """Django must not try to make this table itself."""

        managed = False
        db_table = settings.EVENTS_TABLE
