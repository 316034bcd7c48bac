"""``manage.py docs``: write the generated pages of the reference."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.reference import FOLDER, pages


class Command(BaseCommand):
    help = "Write docs/reference/settings.md, commands.md and routes.md from the code. --check says whether they have drifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail when a page differs.")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, text in pages().items():
            path = FOLDER / name
            if options["check"]:
                if not path.exists() or path.read_text() != text:
                    raise CommandError(f"docs/reference/{name} has drifted from the code. Run `manage.py docs`.")
                continue
            path.write_text(text)
            self.stdout.write(f"Wrote docs/reference/{name}.")
