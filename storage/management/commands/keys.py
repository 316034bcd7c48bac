"""``manage.py keys status|rotate|reseal|retire|rotate-project``: the keys that seal, and those that make pseudonyms."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Project
from accounts.services.audit import audit_record
from config.errors import ColumnaError
from storage.keys import keys_readable_by_others, project_keys_count, seal_rotate
from storage.services.key_rotation import key_retire, keys_reseal, keys_usage
from storage.services.project_key import project_key_rotate


class Command(BaseCommand):
    help = (
        "Show the keys, make a new sealing key and seal everything anew under it, go on after a stop, or remove an old one; "
        "make a project's next key for the patients who are new from now on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "rotate", "reseal", "retire", "rotate-project"], help="what to do")
        parser.add_argument(
            "key", nargs="?", default="", help="retire: which sealing key, by its number; rotate-project: which project, by its slug"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action'].replace('-', '_')}")(options["key"])
        except ColumnaError as error:
            raise CommandError(error.message) from None

    def _status(self, key: str) -> None:
        for number, counts in keys_usage().items():
            used = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "nothing"
            self.stdout.write(f"sealing key {number}: {used}")
        slugs = dict(Project.objects.values_list("pk", "slug"))
        for project, count in sorted(project_keys_count().items()):
            if count > 1:
                self.stdout.write(f"project {next((slug for pk, slug in slugs.items() if str(pk) == project), project)}: {count} keys")
        if loose := keys_readable_by_others():
            raise CommandError(f"Others than their owner can read: {', '.join(loose)}. Run chmod 600 on them, and 700 on their folder.")
        self.stdout.write("All key files are readable by their owner only.")

    def _rotate(self, key: str) -> None:
        made = seal_rotate()
        audit_record(actor=None, verb="key.rotate", object=("key", made))
        self.stdout.write(f"Sealing key {made} seals from now on. Copy it to where your keys are kept.")
        self._reseal(key)

    def _reseal(self, key: str) -> None:
        done = Counter(keys_reseal())
        said = ", ".join(f"{count} of {kind}" for kind, count in sorted(done.items())) or "nothing was under an older key"
        self.stdout.write(f"Sealed anew: {said}.")

    def _retire(self, key: str) -> None:
        key_retire(key=key)
        self.stdout.write(f"Sealing key {key} is removed here. Destroy its copies too.")

    def _rotate_project(self, slug: str) -> None:
        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise CommandError(f"There is no project {slug!r}.")
        number = project_key_rotate(project=project)
        self.stdout.write(
            f"Key {number} of {slug} names the patients who are new from now on. Copy it to where your keys are kept; keep the older ones."
        )
