"""Pulling a version: what is here already stays, what is cached is linked, the rest comes over the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from columna.client import VersionHandle
from columna.download import download
from columna.errors import COMPLETE, COMPLETE_EXCEPT_WITHDRAWN, ColumnaError, UsageError, Withdrawn, Withheld
from columna.manifest import File, Manifest
from columna.tree import Tree
from columna.trust import buried, check_signed

Progress = Callable[[int, int], None]
"""Told (bytes received so far, bytes to receive)."""


@dataclass
class PullReport:
    """What a pull did, or with ``dry_run`` would do. ``moved`` counts bytes of files that came over the wire."""

    version: str
    digest: str
    files: int = 0
    bytes: int = 0
    present: int = 0
    cached: int = 0
    to_move: int = 0
    moved: int = 0
    withheld: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return COMPLETE_EXCEPT_WITHDRAWN if self.withdrawn else COMPLETE


@dataclass
class _Plan:
    wanted: list[File]
    missing: dict[str, File]
    absent: list[File]


def version_pull(
    version: VersionHandle, out: Path, *, jobs: int = 4, dry_run: bool = False, progress: Progress | None = None
) -> PullReport:
    """Make ``out`` hold exactly the version's files, and return a report. Safe to repeat, and to kill at any moment.

    A file gets its name in ``out`` only when all its bytes were hashed and are on the disk. Raises the errors of :mod:`columna.errors`.
    """
    if not 1 <= jobs <= 32:
        raise UsageError("--jobs is a number from 1 to 32.")
    with version.client:
        return _pull(version, out, jobs, dry_run, progress)


def _pull(version: VersionHandle, out: Path, jobs: int, dry_run: bool, progress: Progress | None) -> PullReport:
    manifest, tombstones = version.manifest, version.tombstones()
    tree, report = Tree(out), PullReport(str(version), manifest.digest)
    _check_folder(tree, manifest)
    plan = _plan(version, manifest, tree, buried(tombstones["content"]), report)
    if dry_run:
        return report
    receipt = version.client.session.json(f"{version.path}/pulls", method="POST")
    check_signed(what="receipt", answer=receipt, key_pem=version.client.signing_key)
    tree.prepare()
    _write_identity(tree, version, manifest)
    _remove(tree, version, plan, report)
    _fetch(version, plan, jobs, report, progress)
    for file in plan.wanted:
        if file.path not in report.withdrawn and file.path not in report.withheld and not tree.holds(file):
            tree.place(file, version.client.cache.path(file.sha256))
    tree.sync()
    _write_rest(tree, version, plan, report, tombstones, receipt)
    tree.finish()
    return report


def _check_folder(tree: Tree, manifest: Manifest) -> None:
    there = tree.read("manifest.json")
    if there is not None and there != manifest.data:
        raise UsageError(f"{tree.root} holds another version. Pull this one to a folder of its own; what both share is not fetched again.")


def _plan(version: VersionHandle, manifest: Manifest, tree: Tree, gone: frozenset[str], report: PullReport) -> _Plan:
    withheld = bool(version.info().get("labels_withheld"))
    plan = _Plan([], {}, [])
    for file in manifest.files:
        if file.sha256 in gone:
            report.withdrawn.append(file.path)
            plan.absent.append(file)
        elif file.restricted and withheld:
            report.withheld.append(file.path)
        else:
            plan.wanted.append(file)
            _weigh(version, file, tree, plan, report)
    report.files, report.bytes = len(plan.wanted), sum(file.size for file in plan.wanted)
    report.to_move = sum(file.size for file in plan.missing.values())
    return plan


def _weigh(version: VersionHandle, file: File, tree: Tree, plan: _Plan, report: PullReport) -> None:
    if tree.holds(file):
        report.present += 1
    elif version.client.cache.has(file.sha256, file.size):
        report.cached += 1
    else:
        plan.missing.setdefault(file.sha256, file)


def _write_identity(tree: Tree, version: VersionHandle, manifest: Manifest) -> None:
    """Manifest first: whatever happens next, `columna verify` then knows what ought to be here."""
    state = {"server": version.client.server.url, "signing_key": version.client.signing_key, "manifest": manifest.digest}
    tree.write(".columna/state.json", json.dumps(state, indent=1).encode())
    tree.write("manifest.sig", bytes.fromhex(version.signature()))
    tree.write("manifest.json", manifest.data)


def _remove(tree: Tree, version: VersionHandle, plan: _Plan, report: PullReport) -> None:
    """Withdrawn files go, from the folder and from the cache."""
    for file in plan.absent:
        if tree.remove(file):
            report.removed.append(file.path)
        version.client.cache.path(file.sha256).unlink(missing_ok=True)
        version.client.cache.part(file.sha256).unlink(missing_ok=True)


def _fetch(version: VersionHandle, plan: _Plan, jobs: int, report: PullReport, progress: Progress | None) -> None:
    lock, stop = threading.Lock(), threading.Event()

    def moved(number: int) -> None:
        if stop.is_set():
            raise ColumnaError("stopped, because another file failed")
        with lock:
            report.moved += number
            if progress:
                progress(report.moved, report.to_move)

    def one(file: File) -> None:
        if stop.is_set():
            return
        address = f"{version.path}/blobs/{file.sha256}"
        try:
            download(session=version.client.session, cache=version.client.cache, address=address, file=file, moved=moved)
        except (Withdrawn, Withheld) as error:
            with lock:
                same = [twin.path for twin in plan.wanted if twin.sha256 == file.sha256]
                (report.withdrawn if isinstance(error, Withdrawn) else report.withheld).extend(same)

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(one, file) for file in sorted(plan.missing.values(), key=lambda file: -file.size)]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


def _write_rest(
    tree: Tree, version: VersionHandle, plan: _Plan, report: PullReport, tombstones: dict[str, Any], receipt: dict[str, Any]
) -> None:
    if set(report.withdrawn) - {file.path for file in plan.absent}:  # withdrawn while pulling
        tombstones = version.tombstones()
    skipped = {*report.withdrawn, *report.withheld}
    sums = [f"{file.sha256}  {file.path}\n" for file in plan.wanted if file.path not in skipped]
    tree.write("SHA256SUMS", "".join(sums).encode())
    tree.write("tombstones.json", json.dumps(tombstones, indent=1).encode())
    tree.write("RECEIPT.json", json.dumps(receipt, indent=1).encode())
