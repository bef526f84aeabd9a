"""Writes a migration's row in the transaction that changes the tables; sitecustomize.py loads it, and Django is changed when
a process imports its migrations.

An index or a foreign key that comes with a new column is deferred to the end of a migration, and then Django 5.2 and 6.0
write the row in django_migrations after the COMMIT, by itself (django/db/migrations/executor.py, apply_migration). Whoever
is ended in between, as the migrate Job whose node goes down, has the column and no row, and every later attempt stops at
"column ... already exists". What is deferred runs in the same transaction all the same: so the row may be in it, too.
"""

from when_imported import when_imported


class Deferred(list):
    """SQL that is still to run before the COMMIT: to be asked whether there is any is what makes Django write the row late."""

    def __bool__(self):
        return False


def record_with_the_change(module):
    apply = module.Migration.apply

    def apply_and_record(self, project_state, schema_editor, *args, **options):
        state = apply(self, project_state, schema_editor, *args, **options)
        # Without a transaction around it the row has to come last, as Django has it.
        if schema_editor.atomic_migration:
            schema_editor.deferred_sql = Deferred(schema_editor.deferred_sql)
        return state

    module.Migration.apply = apply_and_record


when_imported("django.db.migrations.migration", record_with_the_change)
