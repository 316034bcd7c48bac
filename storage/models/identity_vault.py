"""The vault: who a subject was, sealed."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class IdentityVault(Row):
    """Identity of one subject or study, sealed with AES-256-GCM; the key is outside the database.

    ``lookup`` is a keyed hash, so that the same identity is sealed once. ``sealed`` is nonce ‖ ciphertext ‖ tag.
    """

    class Kind(models.TextChoices):
        SUBJECT = "subject"
        STUDY = "study"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    subject = models.ForeignKey("storage.Subject", on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    lookup = models.CharField(max_length=64)
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind", "lookup"], name="identity_vault_lookup_once")]
