"""Projects, their keys (DSN) and the counter behind an issue's short id."""

from uuid import uuid4

from django.conf import settings
from django.db import models


class Project(models.Model):
    """Table projects_project."""

    created = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=64)
    slug = models.SlugField(max_length=50)
    organization = models.ForeignKey(
        "organizations_ext.Organization",
        on_delete=models.CASCADE,
        related_name="projects",
    )
    platform = models.CharField(max_length=64, blank=True, null=True)
    first_event = models.DateTimeField(null=True)
    scrub_ip_addresses = models.BooleanField(default=True)
    event_throttle_rate = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """A slug is unique within its organisation."""

        unique_together = (("organization", "slug"),)


class ProjectCounter(models.Model):
    """Table projects_projectcounter."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE)
    value = models.PositiveIntegerField()


class ProjectKey(models.Model):
    """Table projects_projectkey."""

    created = models.DateTimeField(auto_now_add=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    is_active = models.BooleanField(default=True)
    name = models.CharField(max_length=64, blank=True)
    public_key = models.UUIDField(default=uuid4, unique=True)

    def dsn(self):
        url = settings.GLITCHTIP_URL
        return f"{url.scheme}://{self.public_key.hex}@{url.netloc}{url.path}/{self.project_id}"

    def security_dsn(self):
        url = settings.GLITCHTIP_URL
        return (
            f"{url.scheme}://{url.netloc}{url.path}/api/{self.project_id}/security/"
            f"?glitchtip_key={self.public_key.hex}"
        )
