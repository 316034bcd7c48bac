"""The files of versions, and the bytes they were written as."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class ExportedFile(Row):
    """A stack's image, or a revision's labels on a stack, as one exporter wrote it: written once, never again differently.

    ``key`` is the SHA-256 over exporter, slices, grid, revision and layers: all that the bytes depend on.
    """

    key = models.CharField(max_length=64, unique=True)
    stack = models.ForeignKey("storage.Stack", on_delete=models.CASCADE, related_name="exported_files")
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()


class VersionFile(models.Model):
    """One file of a version's manifest: what makes its blob reachable, through this version only.

    ``subject`` is the subject's id, dropped when the patient withdraws; ``tombstone`` then says so. ``managers_only`` marks labels of
    sealed patients, which only data managers receive.
    """

    version = models.ForeignKey("datasets.Version", on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    role = models.CharField(max_length=16)
    subject = models.UUIDField(null=True, db_index=True)
    managers_only = models.BooleanField(default=False)
    tombstone = models.ForeignKey("datasets.Tombstone", null=True, on_delete=models.PROTECT, related_name="files")

    class Meta:
        ordering = ["path"]
        indexes = [models.Index(fields=["version", "digest"]), models.Index(fields=["digest"])]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="version_file_path_once")]

    def __str__(self) -> str:
        return self.path
