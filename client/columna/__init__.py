"""Pull frozen spine imaging datasets from a Columna server."""

from __future__ import annotations

from pathlib import Path

from columna.client import Client
from columna.errors import ColumnaError, IntegrityError, NetworkError, NotAuthorised, UsageError
from columna.nifti import load
from columna.pull import PullReport
from columna.verify import VerifyReport, verify

__version__ = "0.1.0"
__all__ = [
    "Client",
    "ColumnaError",
    "IntegrityError",
    "NetworkError",
    "NotAuthorised",
    "PullReport",
    "UsageError",
    "VerifyReport",
    "load",
    "pull",
    "verify",
]


def pull(reference: str, out: str | Path, *, jobs: int = 4, dry_run: bool = False, client: Client | None = None) -> PullReport:
    """Pull ``"lumbar@1.2.0"`` into a folder and return a report. Run again, it moves nothing; killed, it goes on where it stopped."""
    report: PullReport = (client or Client()).version(reference).pull(out, jobs=jobs, dry_run=dry_run)
    return report
