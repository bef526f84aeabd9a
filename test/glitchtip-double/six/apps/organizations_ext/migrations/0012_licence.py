"""Columns that 5.2's organizations do not have. Here they have defaults in the database, for nobody else fills them."""

from django.db import migrations

COLUMNS = """
ALTER TABLE organizations_ext_organization
    ADD is_deleted boolean NOT NULL DEFAULT false,
    ADD license_billing_email varchar(254) NOT NULL DEFAULT '',
    ADD license_key varchar(255) NOT NULL DEFAULT '',
    ADD metered_billing_enabled boolean NOT NULL DEFAULT false,
    ADD overage_spend_cap_cents integer NOT NULL DEFAULT 0;
"""


class Migration(migrations.Migration):
    """Runs once."""

    dependencies = [("organizations_ext", "0001_initial")]

    operations = [migrations.RunSQL(COLUMNS)]
