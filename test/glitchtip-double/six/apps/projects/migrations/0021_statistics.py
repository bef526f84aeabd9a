"""Statistics by hour, partitioned by week; what became of a project that was deleted."""

from django.db import migrations

STATISTIC = """
CREATE TABLE projects_{kind}projecthourlystatistic (
    project_id bigint NOT NULL, organization_id integer NOT NULL, date timestamptz NOT NULL, count integer NOT NULL,
    PRIMARY KEY (project_id, organization_id, date)
) PARTITION BY RANGE (date);
"""


class Migration(migrations.Migration):
    """Runs once."""

    dependencies = [("projects", "0001_initial"), ("organizations_ext", "0012_licence")]

    operations = [
        migrations.RunSQL("ALTER TABLE projects_project ADD is_deleted boolean NOT NULL DEFAULT false"),
        migrations.RunSQL(
            "".join(STATISTIC.format(kind=kind) for kind in ("issueevent", "transactionevent", "log"))
        ),
    ]
