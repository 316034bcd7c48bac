"""Fetching from a real PACS by C-FIND and C-GET."""

import pytest
import requests

from config.errors import Invalid, Unavailable
from storage.models import ImportBatch, Instance
from storage.services.pull import source_pull, sources_due
from storage.services.source import source_create
from tests.factories import make_project
from tests.servers.process import free_port
from tests.storage.dicoms import MR, series_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pacs(orthanc_server):
    with requests.Session() as session:
        session.auth = (orthanc_server.settings["USER"], orthanc_server.settings["PASSWORD"])
        for item in [*series_of(3, seed="pull ct"), *series_of(2, seed="pull mr", sop_class=MR)]:
            session.post(f"{orthanc_server.url}/instances", data=item, timeout=30).raise_for_status()
    return {"host": "127.0.0.1", "port": int(orthanc_server.settings["DICOM_PORT"]), "ae_title": orthanc_server.settings["AE_TITLE"]}


def source_of(pacs, **fields):
    return source_create(project=make_project(), user=None, name="PACS", kind="dimse", **pacs, **fields)


def test_what_fits_the_filter_is_fetched_once(pacs):
    source = source_of(pacs, pull_filter={"modalities": ["MR"], "description": "MRT LWS*"})
    done = source_pull(source=source)
    assert (done.studies, done.failed, done.stored, len(done.series)) == (1, 0, 2, 1)
    again = source_pull(source=source)
    assert (again.studies, again.stored, Instance.objects.count()) == (1, 0, 2)
    assert ImportBatch.objects.filter(duplicate=2).exists()


def test_an_empty_or_unknown_filter_is_refused(pacs):
    for pull_filter in ({}, {"method": "get"}, {"patient_name": "X"}):
        with pytest.raises(Invalid):
            source_pull(source=source_of({**pacs, "ae_title": f"P{len(str(pull_filter))}"}, pull_filter=pull_filter))


def test_a_pacs_that_does_not_answer_is_said_to_be_away():
    source = source_of({"host": "127.0.0.1", "port": free_port(), "ae_title": "GONE"}, pull_filter={"days": 1})
    with pytest.raises(Unavailable):
        source_pull(source=source)


def test_a_schedule_comes_due_once():
    source_of({"host": "127.0.0.1", "port": 104, "ae_title": "PACS"}, pull_filter={"days": 1}, pull_seconds=60)
    assert len(sources_due()) == 1
    assert sources_due() == []
