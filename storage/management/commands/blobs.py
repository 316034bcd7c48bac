"""``manage.py blobs verify|sweep``: are all blobs whole, and is nothing in the store that no row knows?"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storage.services.blob_check import blob_sweep, blob_verify


class Command(BaseCommand):
    help = "Check every blob against its digest (verify), or remove objects that no row knows (sweep)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "sweep"], help="check every blob, or remove what no row knows")
        parser.add_argument("--quick", action="store_true", help="verify: compare sizes only, read nothing")
        parser.add_argument("--older-than-hours", type=float, default=24.0, help="sweep: leave younger objects alone")
        parser.add_argument("--dry-run", action="store_true", help="sweep: only count")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "verify":
            self._verify(quick=options["quick"])
        else:
            found = blob_sweep(older_than=timedelta(hours=options["older_than_hours"]), dry_run=options["dry_run"])
            verb = "would be removed" if options["dry_run"] else "removed"
            unfinished = f"{found.unfinished} unfinished writes and {found.staged} forgotten uploads"
            self.stdout.write(f"{found.orphans} orphan objects ({found.size} bytes), {unfinished} {verb}.")

    def _verify(self, *, quick: bool) -> None:
        checked, bad = 0, 0
        for digest, fault in blob_verify(quick=quick):
            checked += 1
            if fault:
                bad += 1
                self.stderr.write(f"{digest} {fault}")
        if bad:
            raise CommandError(f"{bad} of {checked} blobs are not whole. Restore them from a backup.")
        self.stdout.write(f"{checked} blobs are whole.")
