"""``manage.py deidentify IN OUT``: the door without a server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from storage.dicom.batch import folder_deidentify
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import KeyRing
from storage.dicom.reasons import REASONS
from storage.keys import pseudonyms_of


class Command(BaseCommand):
    help = "De-identify every DICOM file below IN into OUT, with mapping.json, patient_mapping.csv, uid_mapping.csv and held_back.csv."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path, help="folder of DICOM files")
        parser.add_argument("target", metavar="OUT", type=Path, help="folder for what comes out; made if missing")
        parser.add_argument(
            "--project", default=None, help="use the keys and the profile of this project (slug); left out: a key of its own"
        )
        parser.add_argument("--profile", type=Path, default=None, help="a profile as JSON")
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at once (default: one per processor)")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["source"], options["target"]
        if not source.is_dir():
            raise CommandError(f"{source} is not a folder.")
        if target.resolve().is_relative_to(source.resolve()):
            raise CommandError("OUT must not lie inside IN: the next run would read its own output.")
        profile = Profile()
        keys: KeyRing | None = None
        if options["project"]:
            keys, profile = _of_project(options["project"])
        if options["profile"]:
            try:
                profile = Profile.from_json(json.loads(options["profile"].read_text()))
            except (OSError, ValueError, TypeError) as error:
                raise CommandError(f"The profile cannot be used: {error}") from None
        report = folder_deidentify(
            source=source, target=target, profile=profile, pseudonyms=keys or pseudonyms_of("batch"), processes=options["processes"]
        )
        self.stdout.write(f"{report.written} written, {len(report.held)} held back.")
        for code in sorted({code for _, code in report.held}):
            self.stdout.write(f"  {sum(1 for _, other in report.held if other == code)} × {code}: {REASONS[code].message}")


def _of_project(slug: str) -> tuple[KeyRing, Profile]:
    from accounts.models import Project
    from storage.services.profile import profile_of
    from storage.services.project_key import key_ring

    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug!r}.")
    return key_ring(project_id=project.pk), profile_of(project_id=project.pk)
