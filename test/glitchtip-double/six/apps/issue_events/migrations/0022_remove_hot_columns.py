"""From 5.2's table of events to 6.2's. All but the newest events are dropped, unless GLITCHTIP_RETAIN_LEGACY_DATA keeps the old table."""

from django.conf import settings
from django.contrib.postgres.operations import HStoreExtension
from django.db import migrations

from apps.issue_events.legacy import ARCHIVE, copy_from_archive

TABLES = f"""
ALTER TABLE issue_events_issueevent RENAME TO {ARCHIVE};
CREATE TABLE issue_events_issueevent (
    id uuid NOT NULL,
    event_id uuid,
    "timestamp" timestamptz NOT NULL,
    issue_id bigint NOT NULL,
    organization_id integer NOT NULL,
    release_id bigint,
    type smallint NOT NULL,
    level smallint NOT NULL,
    title varchar(255) NOT NULL,
    transaction varchar(200) NOT NULL,
    data jsonb NOT NULL,
    tags hstore NOT NULL,
    hashes uuid[] NOT NULL,
    PRIMARY KEY (id, organization_id)
) PARTITION BY RANGE (id);
CREATE INDEX issue_events_event_id ON issue_events_issueevent (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX issue_events_event_issue ON issue_events_issueevent (issue_id, id);
CREATE TABLE issue_events_issueindex (
    issue_id bigint NOT NULL,
    organization_id integer NOT NULL,
    project_id bigint NOT NULL,
    count integer NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (issue_id, organization_id)
) PARTITION BY HASH (organization_id);
CREATE TABLE issue_events_issueindex_h0 PARTITION OF issue_events_issueindex FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE issue_events_issueindex_h1 PARTITION OF issue_events_issueindex FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE issue_events_issuetag (
    issue_id bigint NOT NULL, organization_id integer NOT NULL, date timestamptz NOT NULL, count integer NOT NULL,
    PRIMARY KEY (issue_id, organization_id, date)
) PARTITION BY RANGE (date);
CREATE TABLE issue_events_issueaggregate (
    issue_id bigint NOT NULL, organization_id integer NOT NULL, date timestamptz NOT NULL, count integer NOT NULL,
    PRIMARY KEY (issue_id, organization_id, date)
) PARTITION BY RANGE (date);
CREATE TABLE logs_logevent (
    id uuid NOT NULL, organization_id integer NOT NULL, body text NOT NULL, PRIMARY KEY (id, organization_id)
) PARTITION BY RANGE (id);
CREATE VIEW double_issueevent AS
SELECT event_id AS id, issue_id, type, "timestamp", to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS received,
  title, transaction, level, data, hstore_to_jsonb(tags) AS tags FROM issue_events_issueevent;
"""


def keep_the_newest(_apps, editor):
    with editor.connection.cursor() as cursor:
        copy_from_archive(cursor, settings.GLITCHTIP_MIGRATION_EVENT_LIMIT)
        if not settings.GLITCHTIP_RETAIN_LEGACY_DATA:
            cursor.execute(f"DROP TABLE {ARCHIVE} CASCADE")


class Migration(migrations.Migration):
    """Runs once."""

    dependencies = [("issue_events", "0001_initial"), ("projects", "0021_statistics")]

    operations = [
        HStoreExtension(),
        migrations.RunSQL(TABLES),
        migrations.RunPython(keep_the_newest),
        # What the API of this double reads; no table of its name is touched.
        migrations.AlterModelTable("IssueEvent", "double_issueevent"),
    ]
