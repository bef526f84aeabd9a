"""Stands in for celery-batches, which Debian does not have: a task that is given many messages at once.

Module, class and attributes, the private ones too, are named and used as in celery-batches 0.10, which GlitchTip 5.2
locks: what repairs the one (charts/runtime/celery_repairs.py) must repair the other.

Messages are acknowledged when their batch starts. Until then they count against the worker's prefetch limit,
so a limit below the batch size means that only the interval ever starts a batch: 20 events/s, whatever the CPU.
"""

from queue import Empty, Queue

from celery import Task
from celery.utils.imports import symbol_by_name
from celery.worker.request import create_request_cls


class SimpleRequest:
    """What `run` is given of a message."""

    def __init__(self, request):
        self.id = request.id
        self.args, self.kwargs, _ = request._payload


def apply_batches_task(task, arguments, _loglevel, _logfile):
    """What the pool runs; its arguments are those of Celery's own entry point."""
    return task(*arguments)


class Batches(Task):
    """Base class; a subclass's `run` takes a list of requests."""

    abstract = True
    flush_every = 10
    flush_interval = 30
    # The messages carry one argument each and `run` takes a list of them, so signatures differ on purpose.
    typing = False

    def __init__(self):
        self._buffer = Queue()
        self._tref = None
        self._pool = None

    def Strategy(self, task, app, consumer):  # noqa: N802 (Celery's name)
        """Celery asks each task how to handle an arriving message; this one only collects."""
        self._pool = consumer.pool
        request_class = create_request_cls(
            symbol_by_name(task.Request),
            task,
            consumer.pool,
            consumer.hostname,
            consumer.event_dispatcher,
            app=app,
        )

        def collect(message, body, ack, reject, callbacks, **_):
            self._buffer.put(
                request_class(
                    message,
                    on_ack=ack,
                    on_reject=reject,
                    app=app,
                    hostname=consumer.hostname,
                    eventer=consumer.event_dispatcher,
                    task=task,
                    connection_errors=consumer.connection_errors,
                )
            )
            if self._tref is None:
                self._tref = consumer.timer.call_repeatedly(self.flush_interval, self._do_flush)
            if self._buffer.qsize() >= self.flush_every:
                self._do_flush()

        return collect

    def _do_flush(self):
        requests = []
        while True:
            try:
                requests.append(self._buffer.get_nowait())
            except Empty:
                break
        if requests:
            self.flush(requests)
        elif self._tref is not None:
            self._tref.cancel()
            self._tref = None

    def flush(self, requests):
        def acknowledge(_pid, _time_accepted):
            for request in requests:
                request.acknowledge()

        arguments = ([SimpleRequest(request) for request in requests],)
        return self._pool.apply_async(
            apply_batches_task, (self, arguments, 0, None), accept_callback=acknowledge
        )
