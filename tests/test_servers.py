"""The servers that stand in for a hospital's infrastructure do start, answer and stop."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.servers.process import Server, listening


def test_the_data_folder_is_the_sessions_own() -> None:
    assert str(settings.ENVIRONMENT.data_dir).startswith("/tmp/columna-data-")  # noqa: S108


def test_the_database_is_the_columns_own(column: str) -> None:
    assert connection.vendor == {"embedded": "sqlite", "full": "postgresql"}[column]
    assert settings.ENVIRONMENT.object_store == {"embedded": "folder", "full": "s3"}[column]


def test_postgresql_answers(postgresql_server: Server) -> None:
    import psycopg2

    psycopg2.connect(postgresql_server.url).close()


def test_redis_keeps_a_message(redis_server: Server) -> None:
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        client.lpush("queue", "one")
        assert client.rpop("queue") == b"one"


def test_rabbitmq_answers(rabbitmq_server: Server) -> None:
    from kombu import Connection

    with Connection(rabbitmq_server.url) as link, link.SimpleQueue("queue") as queue:
        queue.put("one")
        message = queue.get(timeout=60)
        message.ack()
        assert message.payload == "one"


def test_rclone_refuses_a_wrong_secret(rclone_server: Server) -> None:
    import pytest
    from minio import Minio
    from minio.error import InvalidResponseError, S3Error

    address = rclone_server.settings["COLUMNA_S3_ENDPOINT"]
    right = Minio(endpoint=address, access_key="columna-test", secret_key="columna-test-secret", secure=False)
    assert right.list_buckets() is not None
    wrong = Minio(endpoint=address, access_key="columna-test", secret_key="something else", secure=False)
    with pytest.raises((S3Error, InvalidResponseError)):
        wrong.list_buckets()


def test_moto_answers(moto_server: Server) -> None:
    with urllib.request.urlopen(moto_server.url, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200


def test_orthanc_listens_on_loopback_only(orthanc_server: Server) -> None:
    port = int(orthanc_server.settings["DICOM_PORT"])
    assert listening(port)
    everywhere = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    mine = [address for address in everywhere if address.endswith(f":{port:04X}")]
    assert mine
    assert "00000000" not in {address.split(":")[0] for address in mine}
