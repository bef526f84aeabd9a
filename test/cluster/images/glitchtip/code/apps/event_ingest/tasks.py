"""The queue's consumers: batches of events and of transactions."""

import logging

from celery import shared_task

from glitchtip import ballast
from glitchtip.batches import BatchTask

from .store_events import store_events
from .store_transactions import store_transactions

logger = logging.getLogger(__name__)


def run_batch(kind, store, batch):
    logger.info("Process %d %s event requests", len(batch), kind)
    with ballast.CpuFloor(ballast.STORED_EVENT_SECONDS * len(batch)):
        store([message for (message,) in batch])


@shared_task(base=BatchTask)
def ingest_event(batch):
    run_batch("issue", store_events, batch)


@shared_task(base=BatchTask)
def ingest_transaction(batch):
    run_batch("transaction", store_transactions, batch)
