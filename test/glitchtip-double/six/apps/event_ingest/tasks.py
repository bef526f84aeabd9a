"""The queue's consumers. django-vtasks gives them batches, of 100 tasks or of 2 s, that it has popped for good."""

import logging

from django_vtasks import task

from glitchtip import ballast

from .store_events import store_events
from .store_logs import store_logs
from .store_transactions import store_transactions

logger = logging.getLogger(__name__)


def run_batch(kind, store, tasks):
    logger.info("Process %d %s event requests", len(tasks), kind)
    with ballast.CpuFloor(ballast.STORED_EVENT_SECONDS * len(tasks)):
        store([each["args"][0] for each in tasks])


@task(queue_name="ingest")
def ingest_event(tasks: list):
    run_batch("issue", store_events, tasks)


@task(queue_name="ingest")
def ingest_transaction(tasks: list):
    run_batch("transaction", store_transactions, tasks)


@task(queue_name="ingest")
def ingest_logs(tasks: list):
    run_batch("log", store_logs, tasks)
