"""Saying whether a folder is the version it claims to be."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from columna.cache import hash_file
from columna.client import Client
from columna.config import server_known
from columna.errors import COMPLETE, COMPLETE_EXCEPT_WITHDRAWN, IntegrityError, UsageError
from columna.manifest import File, Manifest, manifest_parse
from columna.tree import Tree
from columna.trust import buried, check, check_signed


@dataclass
class VerifyReport:
    """What was found. ``withdrawn`` files are absent as they ought to be; ``unburied`` ones are withdrawn and still there."""

    version: str
    digest: str
    good: int = 0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unburied: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.wrong or self.unburied)

    @property
    def exit_code(self) -> int:
        if not self.is_whole:
            return IntegrityError.exit_code
        return COMPLETE_EXCEPT_WITHDRAWN if self.withdrawn else COMPLETE


@dataclass(frozen=True)
class Pulled:
    """A folder that a pull made, its manifest and signature checked."""

    tree: Tree
    manifest: Manifest
    server: str
    signing_key: str

    def __str__(self) -> str:
        return f"{self.manifest.dataset}@{self.manifest.version}"


def pulled_open(folder: str | Path) -> Pulled:
    """Return the pulled version in a folder. The key of a server that was logged in to counts before the one in the folder."""
    tree = Tree(Path(folder))
    data, signature, state = tree.read("manifest.json"), tree.read("manifest.sig"), tree.read(".columna/state.json")
    if data is None or signature is None or state is None:
        raise UsageError(f"{folder} was not made by `columna pull`, or the pull had hardly begun. Pull to it again.")
    try:
        remembered = json.loads(state)
        server, key = str(remembered["server"]), str(remembered["signing_key"])
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(f"{folder}/.columna/state.json is damaged. Pull to it again.") from None
    known = server_known(server)
    if known and known.signing_key:
        key = known.signing_key
    check(what="manifest", message=data, signature=signature.hex(), key_pem=key)
    return Pulled(tree, manifest_parse(data), server, key)


def verify(folder: str | Path, *, offline: bool = False, jobs: int = 4, client: Client | None = None) -> VerifyReport:
    """Hash every file of a pulled version and return what was found.

    Online, tombstones are asked for anew; ``offline`` uses those of the last pull. Withdrawn files have to be absent.
    Raises :class:`IntegrityError` when the manifest or its signature is wrong.
    """
    pulled = pulled_open(folder)
    gone = _tombstones(pulled, offline, client)
    manifest, tree = pulled.manifest, pulled.tree
    report = VerifyReport(str(pulled), manifest.digest)
    expected = []
    for file in manifest.files:
        if file.sha256 in gone:
            (report.unburied if tree.exists(file) else report.withdrawn).append(file.path)
        elif file.restricted and not tree.exists(file):
            report.withheld.append(file.path)
        else:
            expected.append(file)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for file, verdict in zip(expected, pool.map(lambda file: _look(tree, file), expected), strict=True):
            if verdict == "good":
                report.good += 1
            else:
                (report.missing if verdict == "missing" else report.wrong).append(file.path)
    report.extra = tree.extras({file.path for file in manifest.files})
    return report


def _look(tree: Tree, file: File) -> str:
    if not tree.exists(file):
        return "missing"
    if not tree.is_regular(file):
        return "wrong"
    return "good" if hash_file(tree.path(file)) == (file.sha256, file.size) else "wrong"


def _tombstones(pulled: Pulled, offline: bool, client: Client | None) -> frozenset[str]:
    if offline:
        kept = pulled.tree.read("tombstones.json")
        if kept is None:
            return frozenset()
        try:
            answer: Any = json.loads(kept)
        except ValueError:
            raise IntegrityError("tombstones.json is damaged. Verify without --offline, or pull again.") from None
        return buried(check_signed(what="tombstones", answer=answer, key_pem=pulled.signing_key))
    with client or Client(pulled.server) as asked:
        answer = asked.version(str(pulled)).tombstones()
    pulled.tree.write("tombstones.json", json.dumps(answer, indent=1).encode())
    pulled.tree.finish()
    return buried(answer["content"])
