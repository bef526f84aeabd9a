"""Keeps rows out of what PostgreSQL's errors say in tracebacks and logs; sitecustomize.py loads it, and psycopg is changed
when a process imports it.

The first lines of an error say what is wrong; its DETAIL ("Failing row contains (...)"), its CONTEXT and the line of SQL under
it may hold anything that people sent or typed. So may what those lines quote of a value: 'invalid input syntax for type uuid:
"..."', 'value "..." is out of range for type integer', 'syntax error at or near "..."' (src/backend/utils/adt and parser/scan.l
of PostgreSQL 17). Names of tables, columns and roles are quoted otherwise, and stay.
"""

import re

from when_imported import when_imported

AFTER_THE_MESSAGE = re.compile(r"\n(?:LINE \d+|DETAIL|HINT|QUERY|CONTEXT):.*", re.DOTALL)


# Whatever is in it, line breaks and quotes too: to the last quote of the message.
VALUE = re.compile(r'(: |\bvalue |\bat or near )".*"', re.DOTALL)


def without_rows(text):
    return VALUE.sub(r'\1"..."', AFTER_THE_MESSAGE.sub("", text)) if isinstance(text, str) else text


def keep_rows_out(psycopg):
    initialize = psycopg.Error.__init__

    def initialize_without_rows(self, *args, **options):
        initialize(self, *map(without_rows, args), **options)

    psycopg.Error.__init__ = initialize_without_rows


when_imported("psycopg", keep_rows_out)
