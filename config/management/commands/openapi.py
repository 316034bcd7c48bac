"""Write the OpenAPI document that the browser's types and the programs of others are made from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.openapi import DOCUMENT, render


class Command(BaseCommand):
    help = "Write docs/reference/openapi.yaml, the same bytes for the same code. --check says whether it has drifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail when the file differs.")

    def handle(self, *args: Any, **options: Any) -> None:
        text, warnings = render()
        if options["check"]:
            if not DOCUMENT.exists() or DOCUMENT.read_text() != text:
                raise CommandError(
                    f"{DOCUMENT.name} has drifted from the code. Run `manage.py openapi`, then `npm run schema` in frontend/."
                )
        else:
            DOCUMENT.write_text(text)
            self.stdout.write(f"Wrote {DOCUMENT}.")
        if warnings:
            raise CommandError("The API is not documented well enough:\n" + "\n".join(warnings))
