"""A draft: which readings a version is to hold."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Draft(Row):
    """``pins`` is a list of ``{"case": id, "revision": id, "subject": id}`` in order of case: the revision that was chosen when the
    version was asked for, so that building it again, or later, gives the same bytes. ``left_out`` says which cases are not in it, and why."""

    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=16)
    pins = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="drafts")
