"""The tables of projects and keys, and the SQL function that ingest asks."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

AUTH_INFO = """
CREATE FUNCTION get_project_auth_info(p_project_id bigint, p_key uuid)
RETURNS TABLE (project_id bigint, organization_id integer, is_accepting_events boolean, first_event timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT project.id, project.organization_id, organization.is_accepting_events, project.first_event
    FROM projects_project project
    JOIN projects_projectkey key ON key.project_id = project.id
    JOIN organizations_ext_organization organization ON organization.id = project.organization_id
    WHERE project.id = p_project_id AND key.public_key = p_key
$$;
"""


class Migration(migrations.Migration):
    """Runs once."""

    initial = True

    dependencies = [
        ("organizations_ext", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=64)),
                ("slug", models.SlugField()),
                ("platform", models.CharField(blank=True, max_length=64, null=True)),
                ("first_event", models.DateTimeField(null=True)),
                ("scrub_ip_addresses", models.BooleanField(default=True)),
                ("event_throttle_rate", models.PositiveSmallIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="projects",
                        to="organizations_ext.organization",
                    ),
                ),
            ],
            options={
                "unique_together": {("organization", "slug")},
            },
        ),
        migrations.CreateModel(
            name="ProjectKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("is_active", models.BooleanField(default=True)),
                ("name", models.CharField(blank=True, max_length=64)),
                ("public_key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="projects.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProjectCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.PositiveIntegerField()),
                (
                    "project",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="projects.project"),
                ),
            ],
        ),
        migrations.RunSQL(AUTH_INFO, migrations.RunSQL.noop),
    ]
