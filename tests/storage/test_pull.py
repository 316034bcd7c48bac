"""Fetching from a real PACS: C-FIND with C-GET, QIDO-RS with WADO-RS, by filter and by a sealed worklist."""

import pytest
import requests

from config.errors import Invalid, Unavailable
from storage.models import ImportBatch, Instance, Source, Study
from storage.services.credentials import credentials_set, source_worklist, worklist_add
from storage.services.pull import source_pull, sources_due
from storage.services.source import source_create
from tests.factories import make_project
from tests.servers.process import free_port
from tests.storage.dicoms import MR, series_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def pacs(orthanc_server):
    """Orthanc with a CT of three slices and an MR of two: an address of each kind."""
    secrets = (orthanc_server.settings["USER"], orthanc_server.settings["PASSWORD"])
    with requests.Session() as session:
        session.auth = secrets
        files = series_of(3, seed="pull ct", BodyPartExamined="LSPINE", AccessionNumber="CTACC77")
        files += series_of(2, seed="pull mr", sop_class=MR, BodyPartExamined="CSPINE", AccessionNumber="MRACC88")
        for item in files:
            session.post(f"{orthanc_server.url}/instances", data=item, timeout=30).raise_for_status()
    settings = orthanc_server.settings
    return {
        "dimse": {"host": "127.0.0.1", "port": int(settings["DICOM_PORT"]), "ae_title": settings["AE_TITLE"]},
        "dicomweb": {"dicomweb_url": f"{orthanc_server.url}/dicom-web"},
        "secrets": secrets,
    }


@pytest.fixture(params=["dimse", "dicomweb"])
def source_with(pacs, request):
    """Return a source of either kind with this filter."""

    def make(**pull_filter) -> Source:
        source = source_create(
            project=make_project(), user=None, name="PACS", kind=request.param, pull_filter=pull_filter, **pacs[request.param]
        )
        if request.param == "dicomweb":
            credentials_set(source=source, user=None, username=pacs["secrets"][0], password=pacs["secrets"][1])
        return source

    return make


def test_what_fits_the_filter_is_fetched_once(source_with):
    source = source_with(modalities=["MR"], description="MRT LWS*")
    done = source_pull(source=source)
    assert (done.studies, done.failed, done.stored, len(done.series)) == (1, 0, 2, 1)
    again = source_pull(source=source)
    assert (again.studies, again.stored, Instance.objects.count()) == (1, 0, 2)
    assert ImportBatch.objects.filter(duplicate=2).exists()


def test_a_study_is_whole_when_it_has_what_the_source_counts(source_with):
    source_pull(source=source_with(modalities=["CT", "MR"]))
    ended = set(Study.objects.values_list("expected", "ended_by"))
    assert ended >= {(2, "count"), (3, "count")}, "the PACS may hold studies of other tests beside its own two"
    assert {why for _, why in ended} == {"count"}


def test_a_body_part_and_a_date_narrow_it(source_with):
    assert source_pull(source=source_with(body_part="LSPINE", date="20190101-20191231")).stored == 3
    Source.objects.update(pull_filter={"body_part": "LSPINE", "date": "20200101-"})
    assert source_pull(source=Source.objects.get()).studies == 0


def test_a_worklist_is_sealed_and_shrinks_as_its_studies_come(source_with):
    source = source_with(modalities=["CT", "MR"])
    source = worklist_add(source=source, user=None, accession_numbers=["MRACC88", "NOTTHERE1"])
    assert b"MRACC88" not in bytes(source.worklist)
    assert source_pull(source=source).stored == 2
    source.refresh_from_db()
    assert (source_worklist(source=source), source.worklist_length) == (["NOTTHERE1"], 1)


def test_accession_numbers_never_stand_in_a_url(pacs):
    source = source_create(project=make_project(), user=None, name="web", kind="dicomweb", **pacs["dicomweb"])
    source = worklist_add(source=source, user=None, accession_numbers=["MRACC88"])
    with pytest.raises(Invalid, match="not written into URLs"):
        source_pull(source=source)


def test_an_empty_or_unknown_filter_is_refused(pacs):
    for pull_filter in ({}, {"method": "get"}, {"patient_name": "X"}, {"accession_numbers": ["A1"]}, {"date": "yesterday"}):
        with pytest.raises(Invalid):
            source_pull(
                source=source_create(project=make_project(), user=None, name="P", kind="dimse", pull_filter=pull_filter, **pacs["dimse"])
            )
        Source.objects.all().delete()


@pytest.mark.parametrize(("kind", "place"), [("dimse", {"host": "127.0.0.1", "port": 1, "ae_title": "GONE"}), ("dicomweb", {})])
def test_a_pacs_that_does_not_answer_is_said_to_be_away(kind, place):
    place = {**place, "port": free_port()} if place else {"dicomweb_url": f"http://127.0.0.1:{free_port()}/dicom-web"}
    source = source_create(project=make_project(), user=None, name="gone", kind=kind, pull_filter={"days": 1}, **place)
    with pytest.raises(Unavailable):
        source_pull(source=source)


def test_wrong_credentials_are_said_to_be_wrong(pacs):
    source = source_create(project=make_project(), user=None, name="web", kind="dicomweb", pull_filter={"days": 9999}, **pacs["dicomweb"])
    credentials_set(source=source, user=None, username="columna", password="not this one")
    with pytest.raises(Unavailable, match="credentials"):
        source_pull(source=source)


def test_a_schedule_comes_due_once_and_survives_a_clock_that_was_set_back():
    source = source_create(
        project=make_project(),
        user=None,
        name="P",
        kind="dimse",
        host="127.0.0.1",
        port=104,
        ae_title="P",
        pull_filter={"days": 1},
        pull_seconds=60,
    )
    assert len(sources_due()) == 1
    assert sources_due() == []
    Source.objects.filter(pk=source.pk).update(pulled_at="2099-01-01T00:00:00Z")
    assert len(sources_due()) == 1
