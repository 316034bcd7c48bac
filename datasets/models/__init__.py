"""Frozen selections: dataset, draft, version, its files, tombstones and receipts."""

from datasets.models.dataset import Dataset
from datasets.models.draft import Draft
from datasets.models.file import ExportedFile, VersionFile
from datasets.models.receipt import Download, Receipt
from datasets.models.tombstone import Tombstone
from datasets.models.version import Version

__all__ = ["Dataset", "Download", "Draft", "ExportedFile", "Receipt", "Tombstone", "Version", "VersionFile"]
