"""The partitioned table of transactions."""

from django.db import migrations, models

TRANSACTIONS = """
CREATE TABLE performance_transactionevent (
    event_id uuid NOT NULL,
    organization_id integer NOT NULL REFERENCES organizations_ext_organization (id) ON DELETE CASCADE,
    project_id bigint NOT NULL REFERENCES projects_project (id) ON DELETE CASCADE,
    transaction varchar(1024) NOT NULL,
    op varchar(255) NOT NULL,
    start_timestamp timestamptz NOT NULL,
    "timestamp" timestamptz,
    duration_ms double precision,
    PRIMARY KEY (event_id, start_timestamp)
) PARTITION BY RANGE (start_timestamp);
"""


class Migration(migrations.Migration):
    """Runs once."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="TransactionEvent",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("transaction", models.CharField(max_length=1024)),
                ("op", models.CharField(max_length=255)),
                ("start_timestamp", models.DateTimeField()),
                ("timestamp", models.DateTimeField(null=True)),
                ("duration_ms", models.FloatField(null=True)),
            ],
            options={
                "db_table": "performance_transactionevent",
                "managed": False,
            },
        ),
        migrations.RunSQL(TRANSACTIONS, migrations.RunSQL.noop),
    ]
