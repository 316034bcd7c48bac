"""``/health``, ``/metrics``, the log and the page."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from pydantic import SecretStr

from config.log import JsonFormatter, LineFormatter
from jobs.models import Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def with_settings(**fields: Any) -> override_settings:
    return override_settings(ENVIRONMENT=settings.ENVIRONMENT.model_copy(update=fields))


def test_health_says_that_database_and_object_store_answer(client: Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["database"]["ok"]
    assert answer.json()["object_store"]["ok"]


def test_health_tells_the_age_of_what_waits(client: Client) -> None:
    Job.objects.create(kind="storage.assemble", queue="frames")
    jobs = client.get("/health").json()["jobs"]
    assert jobs["queued"] == {"frames": 1}
    assert jobs["oldest_queued_seconds"]["frames"] >= 0


def test_health_is_503_when_the_object_store_is_away_but_the_process_lives(client: Client) -> None:
    with with_settings(object_store="s3", s3_endpoint="127.0.0.1:9", s3_access_key="a", s3_secret_key=SecretStr("b")):
        answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["object_store"]["error"] == "object_store_away"
    assert client.get("/health/live").status_code == 200


def test_metrics_count_jobs_and_requests_by_route_without_ids(client: Client) -> None:
    Job.objects.create(kind="storage.assemble", queue="frames")
    client.get("/api/jobs/3a0a3e1a-0000-4000-8000-000000000000")
    text = client.get("/metrics").content.decode()
    assert 'columna_jobs{kind="storage.assemble",state="queued"} 1.0' in text
    assert "columna_requests_total" in text
    assert "3a0a3e1a" not in text


@pytest.mark.parametrize("away", [{"REMOTE_ADDR": "10.0.0.9"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}])
def test_metrics_are_for_this_machine_or_the_token(client: Client, away: dict[str, str]) -> None:
    with with_settings(metrics_token=SecretStr("a token")):
        assert client.get("/metrics", **away).status_code == 403  # type: ignore[arg-type]
        assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer another", **away).status_code == 403  # type: ignore[arg-type]
        assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer a token", **away).status_code == 200  # type: ignore[arg-type]


def test_a_request_is_logged_with_the_persons_id_and_without_its_query(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    user = make_user()
    client.force_login(user)
    with caplog.at_level(logging.INFO, "columna.request"):
        client.get("/api/jobs?search=DOE^JANE")
    assert str(user.pk) in caplog.text
    assert "/api/jobs 200" in caplog.text
    assert "DOE" not in caplog.text
    assert user.username not in caplog.text


@pytest.mark.parametrize("formatter", [LineFormatter("%(message)s"), JsonFormatter()])
def test_an_exception_is_logged_by_type_and_place_never_by_its_message(formatter: logging.Formatter) -> None:
    try:
        try:
            int("DOE^JANE")
        except ValueError as error:
            raise KeyError("DOE^JANE") from error
    except KeyError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "it failed", (), (KeyError, error, error.__traceback__))
    text = formatter.format(record)
    assert "KeyError" in text
    assert "ValueError" in text
    assert __file__ in text
    assert "DOE" not in text


def test_the_json_log_is_one_object_per_record() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s jobs", (3,), None)
    assert json.loads(JsonFormatter().format(record))["message"] == "3 jobs"


@pytest.mark.parametrize("path", ["/api/nothing", "/assets/nothing.js", "/dicom-web/nothing", "/static/nothing.css", "/favicon.png"])
def test_a_missing_data_file_is_never_answered_with_the_page(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
