"""``manage.py conformance``: the de-identification conformance statement of a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from storage.dicom.conformance import conformance_statement
from storage.dicom.profile import Profile


class Command(BaseCommand):
    help = "Write the conformance statement of de-identification (PS3.15 E.1.3) to docs/reference, or print that of a project."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", default=None, help="print the statement of this project's profile (slug) instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["project"]:
            from accounts.models import Project
            from storage.services.profile import profile_of

            project = Project.objects.filter(slug=options["project"]).first()
            if project is None:
                raise CommandError(f"There is no project {options['project']!r}.")
            self.stdout.write(conformance_statement(profile_of(project_id=project.pk)))
            return
        path = Path("docs/reference/conformance.md")
        if not path.parent.is_dir():
            raise CommandError("Run this in Columna's own folder, or name a --project to print its statement.")
        path.write_text(conformance_statement(Profile()))
        self.stdout.write(f"Wrote {path.name}.")
