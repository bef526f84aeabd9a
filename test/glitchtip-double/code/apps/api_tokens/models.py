"""API tokens, stored as they are."""

import secrets

from django.conf import settings
from django.db import models

SCOPES = tuple(
    f"{area}:{right}"
    for area, rights in (
        ("project", ("read", "write", "admin", "releases")),
        ("team", ("read", "write", "admin")),
        ("event", ("read", "write", "admin")),
        ("org", ("read", "write", "admin")),
        ("member", ("read", "write", "admin")),
    )
    for right in rights
)


def generate_token():
    return secrets.token_hex(32)


class APIToken(models.Model):
    """Table api_tokens_apitoken; scopes is a bit mask over SCOPES."""

    created = models.DateTimeField(auto_now_add=True)
    token = models.CharField(max_length=64, unique=True, default=generate_token)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    label = models.CharField(max_length=255, blank=True)
    scopes = models.BigIntegerField(default=0)

    def get_scopes(self):
        return [name for bit, name in enumerate(SCOPES) if self.scopes >> bit & 1]
