"""Which number a thing of the old server has here.

GlitchTip's importer keeps the numbers of the old one, and overwrites whatever has such a number here: user 1 of the old one
would take over the account of the administrator here. So each thing is looked for by what names it (a slug, an address); one
that is new keeps its number where that is free, and else gets the next one of the sequence.
"""

# Of the operator's own rows (operator/io/postgres/canary-rows.ts). A larger project does not fit GlitchTip's function
# get_project_auth_info, and an import counts the sequences on from the largest number that it finds.
OPERATORS_OWN = 2_147_483_000


def number_for(model, wanted, **name):
    """Of the row that these fields name, or of the one that is to be."""
    own = model.objects.filter(**name).values_list("pk", flat=True).first()
    if own is not None:
        return own
    wanted = int(wanted)
    if 0 < wanted < OPERATORS_OWN and is_free(model, wanted):
        return wanted
    return next_number(model)


def is_free(model, number):
    return not rows(model).filter(pk=number).exists()


def rows(model):
    """With those that are marked as deleted: their numbers are taken, too."""
    return getattr(model, "all_objects", model._base_manager).all()


def next_number(model):
    while True:
        number = query(model, "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        if is_free(model, number):
            return number


def mend_sequences(models):
    """The importer sets a sequence to the largest number there is, and that is the operator's own: the next projects would not fit."""
    for model in models:
        table = model._meta.db_table
        largest = query(model, f'SELECT max(id) FROM "{table}" WHERE id < %s', [OPERATORS_OWN])
        query(model, "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, %s)", [table, largest or 1, largest is not None])


def query(model, sql, values):
    from django.db import connections, router

    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]
