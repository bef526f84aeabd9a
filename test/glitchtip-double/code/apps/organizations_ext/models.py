"""Organisations and their members."""

from django.conf import settings
from django.db import models

OWNER = 3


class Organization(models.Model):
    """Table organizations_ext_organization."""

    id = models.AutoField(primary_key=True)
    created = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)
    is_accepting_events = models.BooleanField(default=True)
    event_throttle_rate = models.PositiveSmallIntegerField(default=0)
    open_membership = models.BooleanField(default=True)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, through="OrganizationUser")


class OrganizationUser(models.Model):
    """Table organizations_ext_organizationuser."""

    created = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="organization_users"
    )
    role = models.PositiveSmallIntegerField(default=OWNER)
