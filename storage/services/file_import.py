"""Files on their way to the door: a folder, an upload, the members of an archive. Many objects share one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.conf import settings

from storage.archive import Limits, archive_entries, is_archive
from storage.services.import_batch import batch_refuse
from storage.services.intake import instance_prepare
from storage.services.intake_commit import instances_commit
from storage.services.prepared import Prepared

if TYPE_CHECKING:
    from storage.models import ImportBatch

_GROUP = 16
_HEAD = 512


class BatchIntake:
    """Feeds a batch and commits in groups; use as a context manager, which commits the rest. Nothing is reported before it is durable."""

    def __init__(self, batch: ImportBatch) -> None:
        if batch.source is None:
            raise ValueError("A batch needs a source before it can take anything in.")
        self.batch, self.source = batch, batch.source
        self.ordinal = 0
        self._waiting: list[Prepared] = []

    def __enter__(self) -> BatchIntake:
        return self

    def __exit__(self, kind: object, *args: object) -> None:
        if kind is None:
            self.flush()

    def add_file(self, file: IO[bytes], *, group: str = "") -> None:
        """Take in a file, or every member of an archive."""
        head = file.read(_HEAD)
        file.seek(0)
        if is_archive(head) and head[128:132] != b"DICM":
            environment = settings.ENVIRONMENT
            limits = Limits(total=environment.intake_max_archive_bytes, ratio=environment.intake_max_archive_ratio)
            for entry in archive_entries(file, limits):
                if entry.refused:
                    self.refuse(entry.refused)
                else:
                    self.add(entry.data, group=entry.group or group)
        else:
            self.add(file.read(), group=group)

    def add(self, data: bytes, *, group: str = "") -> None:
        self.ordinal += 1
        self._waiting.append(instance_prepare(source=self.source, data=data, group=group, ordinal=self.ordinal))
        if len(self._waiting) >= _GROUP:
            self.flush()

    def refuse(self, code: str) -> None:
        self.ordinal += 1
        batch_refuse(batch=self.batch, code=code, where=self.ordinal)

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            instances_commit(source=self.source, batch=self.batch, prepared=waiting)


def folder_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder in a stable order; links are not followed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def folder_import(*, batch: ImportBatch, folder: Path) -> int:
    """Take in every file below ``folder`` (or the one file it names); return how many objects were looked at."""
    with BatchIntake(batch) as intake:
        for path in [folder] if folder.is_file() else folder_files(folder):
            try:
                data = path.read_bytes()
            except OSError:
                intake.refuse("file_unreadable")
                continue
            intake.add_file(BytesIO(data), group=path.parent.name)
        return intake.ordinal
