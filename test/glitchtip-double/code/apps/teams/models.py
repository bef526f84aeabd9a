"""Teams of an organisation."""

from django.db import models


class Team(models.Model):
    """Table teams_team."""

    created = models.DateTimeField(auto_now_add=True)
    slug = models.SlugField()
    organization = models.ForeignKey(
        "organizations_ext.Organization", on_delete=models.CASCADE, related_name="teams"
    )
    members = models.ManyToManyField("organizations_ext.OrganizationUser")
    projects = models.ManyToManyField("projects.Project", related_name="teams")

    class Meta:
        """A slug is unique within its organisation."""

        unique_together = (("slug", "organization"),)
