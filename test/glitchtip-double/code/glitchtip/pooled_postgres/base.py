"""Django 4.2's Postgres backend with a connection pool per process, as Django 5.2 has it built in."""

import atexit
import os
from threading import Lock

from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

_pools = {}
_lock = Lock()


def open_pool(parameters, options):
    pool = ConnectionPool(kwargs=parameters | {"autocommit": True}, open=True, **options)
    # Without this the interpreter waits 5 s for each of the pool's threads at its end.
    atexit.register(pool.close)
    return pool


class DatabaseWrapper(base.DatabaseWrapper):
    """Borrows a connection for each request or task and gives it back; without a pool it is Django's own."""

    def _pool(self, parameters):
        # A forked process must not use its parent's sockets.
        key = (os.getpid(), self.alias)
        with _lock:
            if key not in _pools:
                _pools[key] = open_pool(parameters, self.settings_dict["POOL"])
            return _pools[key]

    def get_new_connection(self, conn_params):
        if self.settings_dict["POOL"] is None:
            return super().get_new_connection(conn_params)
        return self._pool(conn_params).getconn()

    def _close(self):
        if self.settings_dict["POOL"] is None:
            super()._close()
        elif self.connection is not None:
            self.connection._pool.putconn(self.connection)
            self.connection = None
