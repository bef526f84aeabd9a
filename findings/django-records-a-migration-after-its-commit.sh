#!/usr/bin/env bash
# Seen 2026-11-30 with Django 5.2.19 and SQLite, and its code is the same for PostgreSQL. A migration is atomic, and one would think that the
# row in django_migrations belongs to it. It does where all its SQL runs at once; an index or a foreign key that comes with a new column is
# deferred, and then the row is written after the COMMIT, by itself (executor.apply_migration, "if not schema_editor.deferred_sql").
# Whoever ends the process in between (a Job's pod that is evicted) has the column and no row: each later `migrate` stops at it with
# "column ... already exists". The order of statements, of two migrations that add one column each:
#   without an index (0002): column, row, commit
#   with an index (0003): column, commit, row
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Django==5.2.19
mkdir -p shop/migrations
touch shop/__init__.py shop/migrations/__init__.py
cat > shop/models.py <<'END'
from django.db import models


class Order(models.Model):
    plain = models.IntegerField(null=True)
    indexed = models.IntegerField(null=True, db_index=True)
END
migration() { # NAME BEFORE OPERATION
  cat > "shop/migrations/$1.py" <<END
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [$2]
    operations = [$3]
END
}
migration 0001_order '' 'migrations.CreateModel("Order", [("id", models.BigAutoField(primary_key=True))])'
migration 0002_plain '("shop", "0001_order")' 'migrations.AddField("order", "plain", models.IntegerField(null=True))'
migration 0003_indexed '("shop", "0002_plain")' 'migrations.AddField("order", "indexed", models.IntegerField(null=True, db_index=True))'
cat > order.py <<'END'
import logging
import sys

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    DEBUG=True, INSTALLED_APPS=["shop"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "orders.sqlite3"}}, LOGGING_CONFIG=None,
)
django.setup()
KINDS = (("ALTER TABLE", "column"), ("COMMIT", "commit"), ('INSERT INTO "django_migrations"', "row"))
seen = []


class Statements(logging.Handler):
    def emit(self, record):
        # The schema editor tells its statements once more, to a logger of its own.
        if record.name == "django.db.backends":
            seen.extend(word for beginning, word in KINDS if record.sql.startswith(beginning))


call_command("migrate", "shop", "0001", verbosity=0)
logger = logging.getLogger("django.db.backends")
logger.setLevel(logging.DEBUG)
logger.addHandler(Statements())
for target in ("0002", "0003"):
    seen.clear()
    call_command("migrate", "shop", target, verbosity=0)
    column, row = seen.index("column"), seen.index("row")
    print(target, "row, commit" if "commit" not in seen[column:row] else "commit, row")
END
found=$(venv/bin/python order.py)
echo "$found"
[ "$found" = "0002 row, commit
0003 commit, row" ]
