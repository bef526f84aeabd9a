"""What keeps Celery's worker from storing events though Valkey answers; sitecustomize.py loads it in the worker alone,
which imports Celery anyway.

Names with an underscore are those that GlitchTip 5.2's lock file brings: celery-batches 0.10, kombu 5.5.
"""

import threading
import time

import redis
from celery import signals
from celery_batches import Batches
from kombu.transport.redis import Channel

DESPITE_FULL_MEMORY = "#!lua flags=allow-oom\nreturn redis.call(unpack(ARGV))"
TRIES_WHEN_IT_ANSWERS = 3
ASK_EVERY_SECONDS = 2
# At its start, for each message that it takes, to put one back, and before it looks for some to put back.
WORKERS_WRITES = frozenset({"SADD", "ZADD", "HSET", "RPUSH", "SET"})


def keep_flush_timers():
    """A task starts the timer that stores incomplete batches at its first message, and believes in it ever after.

    Celery clears all timers when it has lost Valkey: from then on only a full batch of 100 would be stored. It asks each
    task for its strategy whenever it begins to consume, so a timer that is there by then is one of before.

    What was collected before stays in the buffer, and the new timer stores it. It must not be dropped: Valkey was away,
    so Celery could not put it back, and its copy in `unacked` returns after an hour only. Where the connection broke and
    Valkey did not, Celery puts it back and it comes a second time: GlitchTip stores an event once (its id and time are
    the same), and counts it twice in its issue.
    """
    strategy = Batches.Strategy

    def strategy_with_timer(self, task, app, consumer):
        handler = strategy(self, task, app, consumer)
        if self._tref is not None:
            self._tref.cancel()
            self._tref = consumer.timer.call_repeatedly(self.flush_interval, self._do_flush)
        return handler

    Batches.Strategy = strategy_with_timer


class DespiteFullMemory:
    """Lets through what maxmemory would refuse; a script is the one thing for which Valkey can be told so."""

    def execute_command(self, *args, **options):
        if args[0] in WORKERS_WRITES:
            args = ("EVAL", DESPITE_FULL_MEMORY, 0, *args)
        return super().execute_command(*args, **options)


class WorkersPipeline(DespiteFullMemory, redis.client.Pipeline):
    pass


class WorkersClient(DespiteFullMemory, redis.Redis):
    def pipeline(self, transaction=True, shard_hint=None):
        return WorkersPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


def drain_a_full_queue():
    """The worker alone makes room in a Valkey that is full, and must write for it.

    Without a free byte it could not start; and a message that it has taken from the list and cannot note in `unacked`
    is in neither, so the event is lost. It holds 110 messages at most, each out of the list: half a megabyte of copies.
    New events (LPUSH) are refused as before.
    """
    Channel._get_client = lambda _: WorkersClient


def put_back_what_a_dead_worker_took():
    """There is one worker: what is in `unacked` before it takes anything, one took that was killed.

    Celery itself puts such messages back after an hour (the visibility timeout of its transport). Until then the events in them
    are stored by nobody, and the gateway, which sees that GlitchTip has them, must not give them a second time.
    """

    def put_back(sender, **_):
        while True:
            try:
                with sender.app.connection_for_read() as connection:
                    qos = connection.default_channel.qos
                    with qos.channel.conn_or_acquire() as client:
                        for tag in client.zrange(qos.unacked_index_key, 0, -1):
                            qos.restore_by_tag(tag, client)
                return
            except redis.RedisError:
                # Without Valkey there is nothing to do for it either.
                time.sleep(ASK_EVERY_SECONDS)

    # Before its consumer is made. Without weak=False nobody would keep the function.
    signals.worker_init.connect(put_back, weak=False)


class Waiting:
    """How many batches wait for PostgreSQL."""

    count = 0
    lock = threading.Lock()

    def __enter__(self):
        with self.lock:
            Waiting.count += 1

    def __exit__(self, *_):
        with self.lock:
            Waiting.count -= 1


def waits_for_database():
    return Waiting.count > 0


def database_answers():
    from django.db import DatabaseError, InterfaceError, close_old_connections, connection

    try:
        close_old_connections()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def keep_batches_for_the_database():
    """A batch that PostgreSQL did not take is tried again when it answers.

    Celery has acknowledged its events when it starts, and drops them when it fails: a restart of PostgreSQL cost hundreds
    of accepted events. GlitchTip stores an event once, however often it is given (its id and time are the same). What fails
    again although PostgreSQL answers has another cause than PostgreSQL, and is dropped as before.
    """
    from django.db import InterfaceError, OperationalError

    run = Batches.__call__

    def run_until_stored(self, *args, **kwargs):
        for _ in range(TRIES_WHEN_IT_ANSWERS):
            try:
                return run(self, *args, **kwargs)
            except (InterfaceError, OperationalError):
                with Waiting():
                    while not database_answers():
                        time.sleep(ASK_EVERY_SECONDS)
        return run(self, *args, **kwargs)

    Batches.__call__ = run_until_stored


keep_flush_timers()
drain_a_full_queue()
put_back_what_a_dead_worker_took()
keep_batches_for_the_database()
