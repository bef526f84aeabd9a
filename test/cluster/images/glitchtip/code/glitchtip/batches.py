"""A Celery task that is given many messages at once: a full batch, or what is there when the interval ends.

Messages are acknowledged when their batch starts. Until then they count against the worker's prefetch limit,
so a limit below the batch size means that only the interval ever starts a batch: 20 events/s, whatever the CPU.
"""

from functools import partial
from threading import Lock

from celery import Task
from celery.utils.imports import symbol_by_name
from celery.worker.request import create_request_cls


def run_batch(task, batches, _loglevel, _logfile):
    """What the pool runs; its arguments are those of Celery's own entry point."""
    return task.run(*batches)


class BatchTask(Task):
    """Base class; a subclass's `run` takes a list of the messages' positional arguments."""

    abstract = True
    flush_every = 100
    flush_interval_seconds = 2
    # The messages carry one argument each and `run` takes a list of them, so signatures differ on purpose.
    typing = False

    def __init__(self):
        self._waiting = []
        self._lock = Lock()
        self._timer = None

    def Strategy(self, task, app, consumer):  # noqa: N802 (Celery's name)
        """Celery asks each task how to handle an arriving message; this one only collects."""
        request_class = create_request_cls(
            symbol_by_name(task.Request),
            task,
            consumer.pool,
            consumer.hostname,
            consumer.event_dispatcher,
            app=app,
        )
        flush = partial(self._flush, consumer.pool)

        def collect(message, body, ack, reject, callbacks, **_):
            request = request_class(
                message,
                on_ack=ack,
                on_reject=reject,
                app=app,
                hostname=consumer.hostname,
                eventer=consumer.event_dispatcher,
                task=task,
                connection_errors=consumer.connection_errors,
            )
            with self._lock:
                self._waiting.append(request)
                full = len(self._waiting) >= self.flush_every
                if self._timer is None:
                    self._timer = consumer.timer.call_repeatedly(self.flush_interval_seconds, flush)
            if full:
                flush()

        return collect

    def _flush(self, pool):
        with self._lock:
            requests, self._waiting = self._waiting, []
            if not requests and self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not requests:
            return

        def acknowledge(_pid, _time_accepted):
            for request in requests:
                request.acknowledge()

        arguments = [request._payload[0] for request in requests]
        pool.apply_async(run_batch, (self, (arguments,), 0, None), accept_callback=acknowledge)
