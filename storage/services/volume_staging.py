"""Keeping an upload of volumes until a worker takes it: every byte sealed, file names too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from config.errors import Missing
from storage.keys import seal, unseal
from storage.models import ImportBatch
from storage.services.blob import blob_delete, blob_put, blob_read
from storage.services.blob_check import STAGED_MEDIA_TYPE
from storage.services.volume_mapping import Kind, VolumeFile

MEDIA_TYPE = STAGED_MEDIA_TYPE
_PURPOSE = "volume-import"


def volumes_stage(*, batch: ImportBatch, kind: Kind, mapping: Mapping[str, Any], files: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Seal and store the files (path below the folder, bytes) and return the payload of the job ``storage.volume_import``.

    The payload holds ids and digests only. Check the mapping first (:func:`storage.services.volume_mapping.mapping_read`).
    """
    listed = []
    for path, data in files:
        digest, key = _put(data)
        listed.append([path, digest, key])
    content = {"kind": kind, "mapping": dict(mapping), "files": listed}
    digest, key = _put(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogateescape"))
    return {"batch": str(batch.pk), "staged": digest, "key": key}


def _put(data: bytes) -> tuple[str, str]:
    sealed, key = seal(data, _PURPOSE)
    return blob_put(data=sealed, media_type=MEDIA_TYPE).digest, key


def volumes_staged(*, payload: Mapping[str, Any]) -> tuple[Kind, dict[str, Any], list[VolumeFile]]:
    """Return kind, mapping and files of a payload; each file is read and unsealed when it is asked for.

    Raises :class:`config.errors.Missing` when it was taken in and cleared already.
    """
    content = _content(payload)

    def file(path: str, digest: str, key: str) -> VolumeFile:
        return VolumeFile(path, lambda: unseal(blob_read(digest=digest), _PURPOSE, key))

    return content["kind"], content["mapping"], [file(*entry) for entry in content["files"]]


def _content(payload: Mapping[str, Any]) -> dict[str, Any]:
    data = unseal(blob_read(digest=payload["staged"]), _PURPOSE, payload["key"])
    found: dict[str, Any] = json.loads(data.decode("utf-8", "surrogateescape"))
    return found


def volumes_clear(*, payload: Mapping[str, Any]) -> None:
    """Delete what was staged. Clearing twice changes nothing."""
    try:
        content = _content(payload)
    except Missing:
        return
    blob_delete(digests=[*(digest for _, digest, _ in content["files"]), payload["staged"]])
