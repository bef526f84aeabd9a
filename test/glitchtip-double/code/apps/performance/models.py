"""Transactions, partitioned by day on their start; the migration makes the table by SQL."""

from django.db import models


class TransactionEvent(models.Model):
    """Table performance_transactionevent."""

    event_id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE)
    transaction = models.CharField(max_length=1024)
    op = models.CharField(max_length=255)
    start_timestamp = models.DateTimeField()
    timestamp = models.DateTimeField(null=True)
    duration_ms = models.FloatField(null=True)

    class Meta:
        """Django must not try to make this table itself."""

        managed = False
        db_table = "performance_transactionevent"
