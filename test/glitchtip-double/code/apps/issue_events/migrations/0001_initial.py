"""The tables of issues, and the partitioned table of events."""

import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

EVENTS = """
CREATE TABLE issue_events_issueevent (
    id uuid NOT NULL,
    issue_id bigint NOT NULL REFERENCES issue_events_issue (id) ON DELETE CASCADE,
    type smallint NOT NULL,
    "timestamp" timestamptz NOT NULL,
    received timestamptz NOT NULL,
    title varchar(255) NOT NULL,
    transaction varchar(200) NOT NULL,
    level smallint NOT NULL,
    data jsonb NOT NULL,
    tags jsonb NOT NULL,
    PRIMARY KEY (id, received)
) PARTITION BY RANGE (received);
CREATE INDEX ON issue_events_issueevent (issue_id, received DESC);
"""


class Migration(migrations.Migration):
    """Runs once."""

    initial = True

    dependencies = [
        ("projects", "0001_initial"),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="IssueEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("type", models.PositiveSmallIntegerField(choices=[(0, "default"), (1, "error")], default=0)),
                ("timestamp", models.DateTimeField()),
                ("received", models.DateTimeField()),
                ("title", models.CharField(max_length=255)),
                ("transaction", models.CharField(max_length=200)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "sample"),
                            (1, "debug"),
                            (2, "info"),
                            (3, "warning"),
                            (4, "error"),
                            (5, "fatal"),
                        ],
                        default=4,
                    ),
                ),
                ("data", models.JSONField()),
                ("tags", models.JSONField()),
            ],
            options={
                "db_table": "issue_events_issueevent",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=255)),
                ("culprit", models.CharField(blank=True, max_length=1024, null=True)),
                ("metadata", models.JSONField(default=dict)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "sample"),
                            (1, "debug"),
                            (2, "info"),
                            (3, "warning"),
                            (4, "error"),
                            (5, "fatal"),
                        ],
                        default=4,
                    ),
                ),
                ("type", models.PositiveSmallIntegerField(choices=[(0, "default"), (1, "error")], default=0)),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "unresolved"), (1, "resolved"), (2, "ignored")], default=0
                    ),
                ),
                ("is_deleted", models.BooleanField(default=False)),
                ("short_id", models.PositiveIntegerField(null=True)),
                ("count", models.PositiveIntegerField(default=0)),
                ("first_seen", models.DateTimeField(db_index=True)),
                ("last_seen", models.DateTimeField(db_index=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="issues",
                        to="projects.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IssueHash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.UUIDField(db_index=True)),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hashes",
                        to="issue_events.issue",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="projects.project"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="issuehash",
            constraint=models.UniqueConstraint(fields=("project", "value"), name="issue hash project"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["title"], name="issue_title_trgm_idx", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.RunSQL(EVENTS, migrations.RunSQL.noop),
    ]
