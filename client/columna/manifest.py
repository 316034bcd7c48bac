"""Reading a manifest, believing nothing of it that was not checked."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from columna.errors import IntegrityError

FORMAT = "columna-manifest-1"
RESERVED = frozenset({"manifest.json", "manifest.sig", "sha256sums", "tombstones.json", "receipt.json", ".columna"})
"""First parts of paths that belong to this program, in lower case."""
_FIELDS = frozenset(
    [
        "format",
        "dataset",
        "version",
        "kind",
        "parent",
        "created",
        "schema",
        "licence",
        "duo",
        "card",
        "exporter",
        "splits",
        "subjects",
        "files",
        "annotations",
        "counts",
    ]
)
_FILE_FIELDS = frozenset(["path", "sha256", "size", "media_type", "subject", "series", "role", "annotation", "access"])
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
MAX_BYTES = 512 << 20


@dataclass(frozen=True)
class File:
    """One file of a version. ``split`` is its patient's, or None for documents; ``restricted`` files are for data managers only."""

    path: str
    sha256: str
    size: int
    role: str
    subject: str | None
    split: str | None
    restricted: bool


@dataclass(frozen=True)
class Manifest:
    """A version's manifest. ``digest`` is the version's identity; ``data`` the bytes that have it."""

    dataset: str
    version: str
    digest: str
    data: bytes
    content: dict[str, Any]
    files: tuple[File, ...]


def manifest_parse(data: bytes, *, dataset: str | None = None, version: str | None = None) -> Manifest:
    """Return the manifest. Anything in it that is not exactly as it must be raises :class:`IntegrityError`."""
    try:
        content = json.loads(data, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"it is no JSON ({error})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _wrong(f"its format is not {FORMAT}; a newer `columna` may know it")
    unknown = sorted(set(content) ^ _FIELDS)
    if unknown:
        raise _wrong(f"fields unknown or missing: {', '.join(unknown)}")
    if (dataset is not None and content["dataset"] != dataset) or (version is not None and content["version"] != version):
        raise _wrong("it is another version's")
    if json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass") != data:
        raise _wrong("it is not in canonical form")
    files = _files(content)
    return Manifest(str(content["dataset"]), str(content["version"]), hashlib.sha256(data).hexdigest(), data, content, files)


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is a float")


def _wrong(why: str) -> IntegrityError:
    return IntegrityError(f"The manifest is refused: {why}.")


def _files(content: dict[str, Any]) -> tuple[File, ...]:
    try:
        splits = {subject["key"]: subject["split"] for subject in content["subjects"]}
        files = tuple(_file(entry, splits) for entry in content["files"])
    except (KeyError, TypeError, AttributeError):
        raise _wrong("a file or subject is not described as it must be") from None
    _check_tree([file.path for file in files])
    sizes: dict[str, int] = {}
    for file in files:
        if sizes.setdefault(file.sha256, file.size) != file.size:
            raise _wrong(f"{file.sha256[:12]} has two sizes")
    return files


def _file(entry: dict[str, Any], splits: dict[str, str]) -> File:
    if set(entry) != _FILE_FIELDS:
        raise _wrong(f"a file has fields {sorted(set(entry) ^ _FILE_FIELDS)} too many or too few")
    path, digest, size = entry["path"], entry["sha256"], entry["size"]
    if not isinstance(path, str) or not path_is_safe(path):
        raise _wrong(f"the path {path!r} is not safe")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise _wrong(f"{path} has no SHA-256")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 48:
        raise _wrong(f"{path} has no size")
    subject = entry["subject"]
    split = splits[subject] if subject is not None else None
    return File(path, digest, size, str(entry["role"]), subject, split, entry["access"] != "all")


def path_is_safe(path: str) -> bool:
    """Return whether the path stays below the folder, on every system: relative, NFC, no ``..``, no device, no control character."""
    if not path or len(path) > 240 or path != unicodedata.normalize("NFC", path):
        return False
    if any(character in '\\:*?"<>|' or ord(character) < 32 or ord(character) == 127 for character in path):
        return False
    parts = path.split("/")
    if parts[0].lower() in RESERVED:
        return False
    return all(part not in ("", ".", "..") and not part.endswith((".", " ")) and not _DEVICES.fullmatch(part) for part in parts)


def _check_tree(paths: list[str]) -> None:
    """No path twice, whatever the letters' case, and none that is another's folder."""
    folded = [path.casefold() for path in paths]
    if len(set(folded)) != len(folded):
        raise _wrong("a path is there twice")
    folders = {"/".join(parts[:end]) for parts in (path.split("/") for path in folded) for end in range(1, len(parts))}
    if folders & set(folded):
        raise _wrong("a path is a file and a folder")
