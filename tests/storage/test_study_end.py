"""The end of a study that a PACS pushes: the PACS is asked how much of it there is, by the UID that only the vault knows."""

from __future__ import annotations

import pytest

from storage.models import Study
from storage.services.arrival import Quiet
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.source import source_create
from storage.services.study_end import studies_idle, study_ask
from tests.factories import make_project
from tests.servers.process import free_port
from tests.storage.dicoms import series_of
from tests.storage.hospital import Orthanc

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pushed(orthanc_server):
    """Return a function that has ``count`` of the four slices that Orthanc holds come here, and the study they make."""
    orthanc = Orthanc(orthanc_server)
    files = series_of(4, seed="end of study")
    orthanc.put(*files)
    orthanc.session.close()
    source = source_create(
        project=make_project(), user=None, name="PACS", kind="dimse", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.port
    )
    batch = batch_open(project=source.project, source=source)
    waiting = iter(files)

    def push(count: int) -> Study:
        for _ in range(count):
            assert instance_intake(source=source, data=next(waiting), batch=batch).status == "stored"
        return Study.objects.get()

    push.source = source
    return push


def test_a_study_ends_when_the_source_has_no_more_of_it(pushed):
    study = pushed(3)
    assert study_ask(study=study) is False
    assert (study.expected, study.ended_by) == (4, "")
    study = pushed(1)
    assert study_ask(study=study) is True
    assert (study.expected, study.ended_by) == (4, "count")


def test_a_quiet_study_is_asked_about_once_per_arrival(pushed, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"study_idle_seconds": 0.0})
    study = pushed(2)
    assert studies_idle(quiet=Quiet()) == [study]
    study_ask(study=study)
    assert studies_idle(quiet=Quiet()) == [], "asked, and short of its count"
    pushed(1)
    assert studies_idle(quiet=Quiet()) == [study]


def test_a_source_that_does_not_answer_ends_it_by_silence(pushed):
    study = pushed(2)
    type(pushed.source).objects.update(port=free_port())
    assert study_ask(study=study) is True
    assert study.ended_by == "idle"
