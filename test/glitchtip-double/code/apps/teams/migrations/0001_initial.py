"""The table of teams."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Runs once."""

    initial = True

    dependencies = [
        ("organizations_ext", "0001_initial"),
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("slug", models.SlugField()),
                ("members", models.ManyToManyField(to="organizations_ext.organizationuser")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="teams",
                        to="organizations_ext.organization",
                    ),
                ),
                ("projects", models.ManyToManyField(related_name="teams", to="projects.project")),
            ],
            options={
                "unique_together": {("slug", "organization")},
            },
        ),
    ]
