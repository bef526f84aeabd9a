"""Turns queued logs into rows."""

from datetime import datetime

from django.db import connection

from glitchtip.uuid7 import new_at

LOG = "INSERT INTO logs_logevent (id, organization_id, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def store_logs(messages):
    with connection.cursor() as cursor:
        cursor.executemany(
            LOG,
            [
                [new_at(datetime.fromisoformat(message["received"])), message["organization_id"], text]
                for message in messages
                for text in message["payload"]
            ],
        )
