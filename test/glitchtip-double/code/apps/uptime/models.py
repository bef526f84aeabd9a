"""Uptime monitors, and their checks, which are partitioned by day."""

from django.db import models


class Monitor(models.Model):
    """Table uptime_monitor."""

    created = models.DateTimeField(auto_now_add=True)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    project = models.ForeignKey("projects.Project", null=True, on_delete=models.CASCADE)
    monitor_type = models.CharField(max_length=12, default="Ping")
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=2000, blank=True)
    expected_status = models.PositiveSmallIntegerField(default=200, null=True)
    expected_body = models.CharField(max_length=2000, blank=True)
    interval = models.PositiveSmallIntegerField(default=60)
    timeout = models.PositiveSmallIntegerField(null=True)


class MonitorCheck(models.Model):
    """Table uptime_monitorcheck."""

    id = models.BigAutoField(primary_key=True)
    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="checks")
    is_up = models.BooleanField()
    is_change = models.BooleanField()
    start_check = models.DateTimeField()
    response_time = models.PositiveIntegerField(null=True)

    class Meta:
        """Django must not try to make this table itself."""

        managed = False
        db_table = "uptime_monitorcheck"
