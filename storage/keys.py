"""The key folder: site key, project keys, vault keys. They are files outside the database, readable by their owner only.

``site.key`` makes the folds. It is drawn once per site and must never change afterwards; in embedded mode it is
:data:`DEMO_SITE_KEY`, so that the folds of the demo and of the tests are the same on every machine.
``project-<id>.<n>.key`` makes pseudonyms, UIDs and date shifts of a project; the highest number is for patients who are new. ``seal.<n>.key`` seals quarantine and vault;
the highest number seals, older ones still open.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections import Counter
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from config.errors import ColumnaError
from storage.dicom.pseudonym import Pseudonyms

DEMO_SITE_KEY = hashlib.sha256(b"columna demo site 9").digest()
"""Fixed on purpose: of the 29 patients ``sub-001`` … of the public MR set (no issuer), 12 are sealed and 17 train under it."""

_NONCE = 12


class KeyProblem(ColumnaError):
    """A key is missing or damaged."""

    code = "key_problem"
    status_code = 500


def _read(path: Path) -> bytes:
    text = path.read_text().strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise KeyProblem(f"The key file {path.name} is damaged. Restore it from where your keys are kept.")
    return bytes.fromhex(text)


def _read_or_make(name: str, value: bytes | None = None) -> bytes:
    """Return the key, made once. The file appears whole or not at all, and two processes that race get the same key."""
    folder = settings.ENVIRONMENT.keys
    path = folder / name
    if path.exists():
        return _read(path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write((value or secrets.token_bytes(32)).hex())
        handle.flush()
        os.fsync(handle.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
    return _read(path)


def site_key() -> bytes:
    return _read_or_make("site.key", DEMO_SITE_KEY if settings.ENVIRONMENT.mode == "embedded" else None)


@lru_cache(maxsize=256)
def _pseudonyms(folder: Path, project: str, number: int, sealed: float, validation: float) -> Pseudonyms:
    return Pseudonyms(
        project_key=_read_or_make(f"project-{project}.{number}.key"),
        site_key=site_key(),
        sealed_fraction=sealed,
        validation_fraction=validation,
    )


def pseudonyms_every(project_id: object) -> list[Pseudonyms]:
    """Return the pseudonyms of a project under each of its keys, the newest first. Keys are read once per process; new ones are noticed."""
    environment, project = settings.ENVIRONMENT, str(project_id)
    folder = environment.keys
    changed = folder.stat().st_mtime_ns if folder.exists() else 0
    fractions = environment.sealed_fraction, environment.validation_fraction
    return [_pseudonyms(folder, project, number, *fractions) for number in _project_keys(folder, project, changed)]


def pseudonyms_of(project_id: object) -> Pseudonyms:
    """Return the pseudonyms of a project under its newest key: those of patients whom it does not know yet."""
    return pseudonyms_every(project_id)[0]


@lru_cache(maxsize=256)
def _project_keys(folder: Path, project: str, changed: int) -> tuple[int, ...]:
    """Return the numbers of a project's keys, the highest first. ``changed`` is when the folder last did."""
    found = (path.name.split(".") for path in folder.glob(f"project-{project}.*.key"))
    return tuple(sorted((int(parts[1]) for parts in found if parts[1].isdigit()), reverse=True)) or (1,)


def project_key_make(project_id: object) -> int:
    """Make the next key of a project and return its number."""
    pseudonyms_of(project_id)  # the first one, where there is none yet
    number = _project_keys(settings.ENVIRONMENT.keys, str(project_id), settings.ENVIRONMENT.keys.stat().st_mtime_ns)[0] + 1
    _read_or_make(f"project-{project_id}.{number}.key")
    return number


def project_keys_count() -> dict[str, int]:
    """Return how many keys each project has had, by the project's id."""
    names = (path.name.removeprefix("project-").split(".")[0] for path in settings.ENVIRONMENT.keys.glob("project-*.key"))
    return dict(Counter(names))


def _seal_keys() -> dict[str, Path]:
    found = {path.name.split(".")[1]: path for path in settings.ENVIRONMENT.keys.glob("seal.*.key")}
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


@lru_cache(maxsize=64)
def _cipher(folder: Path, key_id: str) -> AESGCM:
    return AESGCM(_read_or_make(f"seal.{int(key_id)}.key"))


def seal(data: bytes, purpose: str) -> tuple[bytes, str]:
    """Return nonce ‖ ciphertext ‖ tag (AES-256-GCM, ``purpose`` authenticated) and the id of the key."""
    key_id = next(reversed(_seal_keys()), "1")
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(settings.ENVIRONMENT.keys, key_id).encrypt(nonce, data, purpose.encode()), key_id


def unseal(sealed: bytes, purpose: str, key_id: str) -> bytes:
    """Return what :func:`seal` was given. Raises :class:`KeyProblem` when key, purpose or bytes do not fit together."""
    if key_id not in _seal_keys():
        raise KeyProblem(f"The sealing key {key_id} is not in the key folder. Restore it from where your keys are kept.")
    try:
        return _cipher(settings.ENVIRONMENT.keys, key_id).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
    except InvalidTag:
        raise KeyProblem("What was sealed was changed, or belongs to another purpose.") from None


def seal_rotate() -> str:
    """Make the next sealing key and return its id; everything sealed from now on uses it."""
    key_id = str(int(next(reversed(_seal_keys()), "0")) + 1)
    _read_or_make(f"seal.{key_id}.key")
    return key_id


def seal_key_ids() -> list[str]:
    """Return the ids of the sealing keys, the newest last; the first is made when there is none."""
    return list(_seal_keys()) or [seal_rotate()]


def key_remove(key_id: str) -> None:
    """Overwrite and delete a sealing key. What is still sealed under it is gone for good."""
    path = settings.ENVIRONMENT.keys / f"seal.{int(key_id)}.key"
    with path.open("r+b") as handle:
        handle.write(secrets.token_bytes(path.stat().st_size))
        handle.flush()
        os.fsync(handle.fileno())
    path.unlink()
    _cipher.cache_clear()


def keys_readable_by_others() -> list[str]:
    """Return the names of key files, and of the folder, that anybody but their owner may read."""
    folder = settings.ENVIRONMENT.keys
    return [path.name for path in [folder, *sorted(folder.glob("*.key"))] if path.exists() and path.stat().st_mode & 0o077]
