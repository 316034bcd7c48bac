"""Write the page that says which role may do what."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.abilities import ABILITIES
from accounts.models import Role

BEGIN, END = "<!-- table: manage.py roles -->", "<!-- end of table -->"


def table() -> str:
    """Return the table of ability × role in Markdown, between its two marks."""
    head = ["| ability | " + " | ".join(role.label for role in Role) + " |", "|---" * (len(Role) + 1) + "|"]
    rows = [f"| `{name}` | " + " | ".join("yes" if role in allowed else "" for role in Role) + " |" for name, allowed in ABILITIES.items()]
    return "\n".join([BEGIN, *head, *rows, END])


class Command(BaseCommand):
    help = "Bring the table in docs/reference/roles.md up to date with accounts/abilities.py."

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR / "docs" / "reference" / "roles.md"
        text = page.read_text()
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        page.write_text(before + table() + after)
        self.stdout.write(f"Wrote {page}.")
