"""``manage.py import_folder``: take a folder, a file or an archive in through the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Project
from storage.services.file_import import folder_import
from storage.services.import_batch import batch_close, batch_open
from storage.services.source import source_for
from storage.tasks import assemble_later


class Command(BaseCommand):
    help = "De-identify and store every DICOM file below a folder (zip and tar archives are opened). Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder, file or archive")
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument("--source", default=None, help="name of the source that is recorded (default: Folder import)")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(f"{path} is not there.")
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}. 'manage.py demo' makes one to try things in.")
        source = source_for(project=project, kind="folder", name=options["source"])
        batch = batch_open(project=project, source=source)
        try:
            folder_import(batch=batch, folder=path)
        except BaseException:
            batch_close(batch=batch, failed=True)
            raise
        for series in batch_close(batch=batch):
            assemble_later(series)
        batch.refresh_from_db()
        self.stdout.write(
            f"{batch.received} received: {batch.stored} stored, {batch.duplicate} known already, {batch.refused} refused, {batch.quarantined} in quarantine."
        )
        for finding in batch.findings.all():
            self.stdout.write(f"  {finding.count} × {finding.code}: {finding.message}")
