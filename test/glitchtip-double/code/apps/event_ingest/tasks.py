"""The queue's consumers: batches of events and of transactions."""

import logging

from celery import shared_task

from celery_batches import Batches
from glitchtip import ballast

from .store_events import store_events
from .store_transactions import store_transactions

FLUSH_EVERY = 100
FLUSH_INTERVAL = 2

logger = logging.getLogger(__name__)


def run_batch(kind, store, requests):
    logger.info("Process %d %s event requests", len(requests), kind)
    with ballast.CpuFloor(ballast.STORED_EVENT_SECONDS * len(requests)):
        store([request.args[0] for request in requests])


@shared_task(base=Batches, flush_every=FLUSH_EVERY, flush_interval=FLUSH_INTERVAL)
def ingest_event(requests):
    run_batch("issue", store_events, requests)


@shared_task(base=Batches, flush_every=FLUSH_EVERY, flush_interval=FLUSH_INTERVAL)
def ingest_transaction(requests):
    run_batch("transaction", store_transactions, requests)
