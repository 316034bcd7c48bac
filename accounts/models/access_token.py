"""A personal access token: how a program signs in for a person."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.base import Row


class Scope(models.TextChoices):
    READ = "read", "Read what I may read"
    PULL = "pull", "Pull dataset versions"
    WRITE = "write", "Do what I may do"


class AccessToken(Row):
    """Shown once, stored as a SHA-256, scoped, expiring. ``prefix`` lets a person recognise it in the list."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now() and self.user.is_active
