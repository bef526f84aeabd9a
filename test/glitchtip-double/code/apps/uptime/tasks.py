"""Checks each monitor whose interval is over; the scheduler starts this every 10 s."""

from datetime import timedelta
from time import monotonic

from celery import shared_task
from django.utils import timezone

from .checks import answers_as_expected
from .models import Monitor, MonitorCheck


@shared_task
def dispatch_checks():
    now = timezone.now()
    for monitor in Monitor.objects.exclude(url=""):
        last = monitor.checks.order_by("-start_check").first()
        if last is None or now - last.start_check >= timedelta(seconds=monitor.interval):
            perform_check.delay(monitor.id)


@shared_task
def perform_check(monitor_id):
    monitor = Monitor.objects.get(id=monitor_id)
    last = monitor.checks.order_by("-start_check").first()
    start, clock = timezone.now(), monotonic()
    is_up = answers_as_expected(monitor)
    MonitorCheck.objects.create(
        monitor=monitor,
        is_up=is_up,
        is_change=last is None or last.is_up != is_up,
        start_check=start,
        response_time=int((monotonic() - clock) * 1000),
    )
