"""De-identifying a folder without a server: the same door, files out, and the mappings that scoring tools ask for."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from storage.dicom.door import write_parsed
from storage.dicom.identity import identity_of
from storage.dicom.parse import BROKEN, Parsed, parse
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import KeyRing, Pseudonyms
from storage.dicom.reasons import Rejected

_CHUNK = 8


@dataclass
class BatchReport:
    """What a run did. Mappings lead from the original to the new identifier: they are identity, keep them where the originals are kept."""

    written: int = 0
    instances: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    held: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Done:
    source: str
    code: str = ""
    instance: tuple[str, str] = ("", "")
    patient: tuple[str, str] = ("", "")
    uids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Work:
    source: Path
    name: str
    target: Path
    profile: Profile
    keys: KeyRing


def folder_deidentify(*, source: Path, target: Path, profile: Profile, pseudonyms: Pseudonyms | KeyRing, processes: int = 1) -> BatchReport:
    """Write every object of ``source`` that may leave below ``target`` (pseudonym / study / series / instance) and return the report.

    Besides the objects it writes ``mapping.json``, ``patient_mapping.csv``, ``uid_mapping.csv`` and ``held_back.csv``, readable by
    their owner only. Nothing that is held back is written.
    """
    target.mkdir(parents=True, exist_ok=True)
    paths = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.is_symlink()]
    keys = pseudonyms if isinstance(pseudonyms, KeyRing) else KeyRing(pseudonyms)
    work = [_Work(path, str(path.relative_to(source)), target, profile, keys) for path in paths]
    report = BatchReport()
    for done in _run(work, processes):
        if done.code:
            report.held.append((done.source, done.code))
            continue
        report.written += 1
        report.instances[done.instance[0]] = done.instance[1]
        report.patients[done.patient[0]] = done.patient[1]
        report.uids.update(done.uids)
    _write_mappings(target, report)
    return report


def _run(work: list[_Work], processes: int) -> Iterator[_Done]:
    if processes <= 1 or len(work) < 2 * _CHUNK:
        yield from map(_one, work)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_one, work, chunksize=_CHUNK)


def _one(work: _Work) -> _Done:
    try:
        parsed, group = parse(work.source.read_bytes()), work.source.parent.name
        written = write_parsed(parsed, profile=work.profile, pseudonyms=_pseudonyms(work.keys, parsed, group), group=group)
    except Rejected as error:
        return _Done(work.name, error.code)
    except OSError:
        return _Done(work.name, "file_unreadable")
    folder = work.target / written.pseudonym / written.study_instance_uid / written.series_instance_uid
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{written.sop_instance_uid}.dcm").open("wb") as file:
        file.writelines(written.pieces)
    identity = written.identity
    return _Done(
        work.name,
        instance=(identity.sop_instance_uid, written.sop_instance_uid),
        patient=(identity.patient_id, written.pseudonym),
        uids=tuple(written.uids.items()),
    )


def _pseudonyms(keys: KeyRing, parsed: Parsed, group: str) -> Pseudonyms:
    if not keys.older:
        return keys.newest
    try:
        identity = identity_of(parsed, group=group)
    except BROKEN:
        return keys.newest
    return keys.of(identity.issuer, identity.patient_key_id)


def _write_mappings(target: Path, report: BatchReport) -> None:
    with _private(target / "mapping.json") as handle:
        json.dump(dict(sorted(report.instances.items())), handle, indent=1)
    for name, pairs in (("patient_mapping.csv", report.patients), ("uid_mapping.csv", report.uids)):
        _table(target / name, ("id_old", "id_new"), sorted(pairs.items()))
    _table(target / "held_back.csv", ("file", "reason"), report.held)


def _table(path: Path, head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> None:
    with _private(path) as handle:
        writer = csv.writer(handle)
        writer.writerow(head)
        writer.writerows(rows)


def _private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="")
