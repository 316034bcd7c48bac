"""Check the audit trail."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.audit import audit_verify


def _anchor(text: str) -> tuple[int, str]:
    sequence, _, digest = text.partition(":")
    if not sequence.isdigit() or len(digest) != 64:
        raise argparse.ArgumentTypeError("an anchor is SEQUENCE:DIGEST, as `audit verify` printed it.")
    return int(sequence), digest


class Command(BaseCommand):
    help = "Recompute the hash chain of the audit trail and name the first row that was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["verify"])
        parser.add_argument("--anchor", type=_anchor, help="SEQUENCE:DIGEST noted down earlier, off this machine; finds a trail cut short.")

    def handle(self, *args: Any, **options: Any) -> None:
        count, digest, fault = audit_verify(anchor=options["anchor"])
        if fault:
            raise CommandError(f"The audit trail is broken at row {fault.sequence}: {fault.reason}. Rows 1 to {count} are sound.")
        self.stdout.write(f"The audit trail is sound: {count} rows. Note this down off this machine: {count}:{digest}")
