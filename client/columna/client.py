"""A server, its datasets and their versions, as Python objects."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from columna.cache import Cache
from columna.config import Server, cache_folder, normal, server_find
from columna.errors import IntegrityError, NotAuthorised, UsageError
from columna.http import Session
from columna.manifest import MAX_BYTES, Manifest, manifest_parse
from columna.trust import check, check_signed

_REFERENCE = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_]{0,79})(?:@(\d{1,6}\.\d{1,6}\.\d{1,6}|latest))?")


def reference_parse(reference: str) -> tuple[str, str | None]:
    """Return (dataset, version) of ``lumbar@1.2.0``; the version is None where none was named, or ``latest``."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise UsageError(f"{reference!r} names no version. It looks like lumbar@1.2.0")
    return found[1], found[2]


class Client:
    """A server and a token. Without arguments: the server that `columna login` was run for last.

    ``Client().dataset("lumbar").version("1.2.0").pull("data/lumbar")``
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, signing_key: str | None = None, cache: Path | None = None
    ) -> None:
        if url is not None and token is not None:
            self.server = Server(normal(url), token, signing_key or "")
        else:
            self.server = server_find(url)
        self.session = Session(self.server.url, self.server.token)
        self.cache = Cache(cache or cache_folder())

    def close(self) -> None:
        """Drop the connections. The client can still be used; it opens new ones."""
        self.session.close_all()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def signing_key(self) -> str:
        """The key seen at login (PEM). A client that never logged in asks for it and believes the first answer."""
        if not self.server.signing_key:
            key = str(self.session.json("/api/signing-key").get("public_key", ""))
            self.server = Server(self.server.url, self.server.token, key)
        return self.server.signing_key

    def datasets(self) -> list[dict[str, Any]]:
        """Return the datasets this person may look at."""
        return _all(self.session, "/api/datasets")

    def dataset(self, slug: str) -> DatasetHandle:
        return DatasetHandle(self, slug)

    def version(self, reference: str) -> VersionHandle:
        """Return the version of ``lumbar@1.2.0`` or ``lumbar@latest``."""
        slug, number = reference_parse(reference)
        if number is None:
            raise UsageError(f"Name the version: {slug}@1.0.0, or {slug}@latest for the newest.")
        dataset = self.dataset(slug)
        return dataset.latest() if number == "latest" else dataset.version(number)


def _all(session: Session, path: str) -> list[dict[str, Any]]:
    answer = session.json(f"{path}?limit=1000")
    try:
        return [dict(item) for item in answer["results"]]
    except (KeyError, TypeError, ValueError):
        raise IntegrityError(f"{path}: the server did not answer with a list.") from None


class DatasetHandle:
    """A dataset by its name."""

    def __init__(self, client: Client, slug: str) -> None:
        self.client, self.slug = client, slug
        self.path = f"/api/datasets/{slug}"

    def info(self) -> dict[str, Any]:
        return dict(self.client.session.json(self.path))

    def versions(self) -> list[dict[str, Any]]:
        """Return the versions, newest first."""
        return _all(self.client.session, f"{self.path}/versions")

    def version(self, number: str) -> VersionHandle:
        return VersionHandle(self, number)

    def latest(self) -> VersionHandle:
        number = self.info().get("latest")
        if not isinstance(number, str):
            raise NotAuthorised(f"{self.slug} has no released version yet.")
        return self.version(reference_parse(f"{self.slug}@{number}")[1] or "")


class VersionHandle:
    """A version by its number. What is read of it is read once and checked."""

    def __init__(self, dataset: DatasetHandle, number: str) -> None:
        self.dataset, self.number, self.client = dataset, number, dataset.client
        self.path = f"{dataset.path}/versions/{number}"
        self._info: dict[str, Any] | None = None
        self._manifest: Manifest | None = None

    def __str__(self) -> str:
        return f"{self.dataset.slug}@{self.number}"

    def info(self) -> dict[str, Any]:
        if self._info is None:
            self._info = dict(self.client.session.json(self.path))
        return self._info

    def signature(self) -> str:
        """Return the signature of the manifest, 128 hex digits, unchecked."""
        return str(self.client.session.json(f"{self.path}/signature").get("signature", ""))

    @property
    def manifest(self) -> Manifest:
        """The manifest, its digest and signature checked. Raises :class:`IntegrityError`."""
        if self._manifest is None:
            digest = str(self.info().get("manifest_digest"))
            data = self._manifest_bytes(digest)
            check(what="manifest", message=data, signature=self.signature(), key_pem=self.client.signing_key)
            self._manifest = manifest_parse(data, dataset=self.dataset.slug, version=self.number)
        return self._manifest

    def _manifest_bytes(self, digest: str) -> bytes:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise IntegrityError(f"{self}: the server names no manifest. Is the version frozen yet?")
        kept = self.client.cache.path(digest)
        if kept.exists():
            data = kept.read_bytes()
            if hashlib.sha256(data).hexdigest() == digest:
                return data
        data = self.client.session.small(f"{self.path}/manifest", limit=MAX_BYTES)
        if hashlib.sha256(data).hexdigest() != digest:
            raise IntegrityError(f"{self}: the manifest is not the one that the version names.")
        part = self.client.cache.part(digest)
        with self.client.cache.lock(digest):
            part.write_bytes(data)
            self.client.cache.keep(digest, len(data))
        return data

    def tombstones(self) -> dict[str, Any]:
        """Return what was withdrawn from the dataset, signature checked: {"content", "signature"}."""
        answer = self.client.session.json(f"{self.path}/tombstones")
        check_signed(what="tombstones", answer=answer, key_pem=self.client.signing_key)
        return dict(answer)

    def pull(self, out: str | Path, *, jobs: int = 4, dry_run: bool = False) -> Any:
        """Pull into a folder; see :func:`columna.pull`."""
        from columna.pull import version_pull

        return version_pull(self, Path(out), jobs=jobs, dry_run=dry_run)
