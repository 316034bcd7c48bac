"""Objects in a bucket of an S3 server, through the ``minio`` client."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, cast

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from config.errors import Unavailable
from storage.object_store import GRACE, PART, Stored, checked, is_digest, key_of, missing


class _Pool(urllib3.PoolManager):
    """Some servers (rclone) send their errors as ``text/xml``; the client reads only ``application/xml``, which is the same thing."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]
        response = super().urlopen(method, url, redirect=redirect, **options)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/xml"):
            response.headers["Content-Type"] = kind.replace("text/xml", "application/xml", 1)
        return response


def _pool() -> _Pool:
    """Three tries with growing pauses, 5 s to connect, 60 s between two packets."""
    retry = urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504], allowed_methods=None, raise_on_status=False)
    return _Pool(timeout=urllib3.Timeout(connect=5, read=60), maxsize=16, retries=retry)


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the client raises into Columna's errors; S3's own message may name keys, never patients."""
    try:
        yield
    except S3Error as error:
        raise Unavailable(f"The S3 server refused ({error.code}). Check bucket, keys and clock.", code="object_store_refused") from error
    except (urllib3.exceptions.HTTPError, InvalidResponseError, ServerError, OSError) as error:
        message = f"The S3 server does not answer ({type(error).__name__}). Trying again later can help."
        raise Unavailable(message, code="object_store_away") from error


def _is_missing(error: S3Error) -> bool:
    return error.code in {"NoSuchKey", "NoSuchObject", "ResourceNotFound", "404"}


def _cut(chunks: Iterable[bytes], skip: int, length: int | None) -> Iterator[bytes]:
    """Yield the chunks without their first ``skip`` bytes, and no more than ``length``."""
    for chunk in chunks:
        part, skip = chunk[skip:], max(0, skip - len(chunk))
        if length is not None:
            part = part[:length]
            length -= len(part)
        if part:
            yield part
        if length == 0:
            return


class S3Store:
    """Objects in one bucket of an S3 server, through the ``minio`` client. The bucket is made if it is missing.

    Keys are content addresses, so a retried or doubled put writes the same bytes. An unreachable server raises
    :class:`config.errors.Unavailable` after three tries. A server that answers a ranged read with status 200 (rclone
    does) is taken at its bytes when they are as many as were asked for, and cut to the range when it sent the whole.
    """

    def __init__(self, *, endpoint: str, access_key: str, secret_key: str, bucket: str, secure: bool, region: str = "us-east-1") -> None:
        self.bucket = bucket
        self._client = Minio(endpoint, access_key, secret_key, secure=secure, region=region, http_client=_pool())
        self._bucket_known = False
        self._lock = threading.Lock()

    def _ensure_bucket(self) -> None:
        if self._bucket_known:
            return
        with self._lock, _answering():
            if not self._client.bucket_exists(self.bucket):
                self._client.make_bucket(self.bucket)
            self._bucket_known = True

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self._upload(digest, BytesIO(data), len(data))
        return digest

    def put_stream(self, chunks: Iterable[bytes]) -> Stored:
        hasher, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=16 * PART) as spool:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                spool.write(chunk)
            spool.seek(0)
            digest = hasher.hexdigest()
            self._upload(digest, cast(BinaryIO, spool), size)
        return Stored(digest, size, datetime.now(UTC))

    def _upload(self, digest: str, body: BinaryIO, size: int) -> None:
        self._ensure_bucket()
        known = self._stat(digest)
        if known is not None and known.size == size and known.modified > datetime.now(UTC) - GRACE / 2:
            return
        with _answering():
            self._client.put_object(self.bucket, key_of(digest), body, size, part_size=16 * PART)

    def _stat(self, digest: str) -> Stored | None:
        key = key_of(digest)
        self._ensure_bucket()
        with _answering():
            try:
                found = self._client.stat_object(self.bucket, key)
            except S3Error as error:
                if _is_missing(error):
                    return None
                raise
        return Stored(digest, found.size or 0, found.last_modified or datetime.now(UTC))

    def get(self, digest: str) -> bytes:
        key_of(digest)
        self._ensure_bucket()
        return checked(digest, b"".join(self._chunks(digest, 0, None)))

    def stream(self, digest: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        rest = max(0, self.size(digest) - start)
        length = rest if length is None else min(length, rest)
        return self._chunks(digest, start, length) if length else iter(())

    def _chunks(self, digest: str, start: int, length: int | None) -> Iterator[bytes]:
        """Ask with the first chunk, and yield exactly the range, also from a server that ignored it and sends the whole object."""
        with _answering():
            response = self._request(digest, start, length)
            try:
                sent = int(response.headers.get("Content-Length", "0") or 0)
                skip = start if response.status == 200 and length is not None and sent > length else 0
                yield from _cut(response.stream(PART), skip, length)
            finally:
                response.close()
                response.release_conn()

    def _request(self, digest: str, start: int, length: int | None) -> urllib3.BaseHTTPResponse:
        try:
            return self._client.get_object(self.bucket, key_of(digest), offset=start, length=length or 0)
        except S3Error as error:
            if _is_missing(error):
                raise missing(digest) from None
            raise

    def file(self, digest: str) -> BinaryIO | None:
        return None

    def size(self, digest: str) -> int:
        found = self._stat(digest)
        if found is None:
            raise missing(digest)
        return found.size

    def exists(self, digest: str) -> bool:
        return self._stat(digest) is not None

    def delete(self, digest: str) -> None:
        key = key_of(digest)
        self._ensure_bucket()
        with _answering():
            try:
                self._client.remove_object(self.bucket, key)
            except S3Error as error:
                if not _is_missing(error):
                    raise

    def iterate(self) -> Iterator[Stored]:
        self._ensure_bucket()
        with _answering():
            for item in self._client.list_objects(self.bucket, recursive=True):
                name = (item.object_name or "").rsplit("/", 1)[-1]
                if is_digest(name):
                    yield Stored(name, item.size or 0, item.last_modified or datetime.now(UTC))

    def sweep_incoming(self, older_than: timedelta = GRACE) -> int:
        """S3 shows an object only when it is whole; unfinished multipart uploads are the bucket's lifecycle rule."""
        return 0
