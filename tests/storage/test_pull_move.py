"""Orthanc is told by C-MOVE to send to Columna's own listener: the pull asks, the listener takes in."""

from __future__ import annotations

import pytest

from tests.servers.installation import until
from tests.storage.dicoms import MR, series_of
from tests.storage.hospital import address_of, hospital, orthanc_beside

pytestmark = pytest.mark.story

PULL = """
from storage.services.pull import source_pull
done = source_pull(source=project.sources.get(name="Orthanc"))
print(done.studies, done.failed)
"""

STATUS = """
import json
from storage.services.source_status import source_status
print(json.dumps(source_status(source=project.sources.get()), default=str))
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory, column):
    with hospital(tmp_path_factory.mktemp("move")) as here:
        here.listen()
        with orthanc_beside(tmp_path_factory.mktemp("orthanc"), here.port) as orthanc:
            orthanc.put(*series_of(4, seed="move ct", BodyPartExamined="LSPINE"))
            orthanc.put(*series_of(2, seed="move mr", sop_class=MR, BodyPartExamined="CSPINE"))
            here.source(name="Orthanc", pull_filter={"method": "move", "modalities": ["CT"]}, **address_of(orthanc))
            here.orthanc = orthanc
            yield here


def test_what_fits_is_sent_to_the_listener_and_counted(here):
    assert here.shell(PULL).split() == ["1", "0"]
    assert here.stored == 4
    assert here.columna.rows("SELECT expected, ended_by FROM storage_study") == [(4, "count")]
    batches = here.columna.rows("SELECT stored, duplicate FROM storage_importbatch")
    assert batches == [(4, 0)], "the listener's batch, and none of the pull's own"


def test_moving_again_changes_nothing(here):
    assert here.shell(PULL).split() == ["1", "0"]
    assert here.stored == 4


def test_a_series_of_the_wanted_body_part_is_moved_alone(here):
    change = 'source_update(source=project.sources.get(), user=None, pull_filter={"method": "move", "body_part": "CSPINE"})'
    here.shell(change)
    assert here.shell(PULL).split() == ["2", "0"]
    assert here.stored == 6


def test_the_source_page_tells_of_both_ways(here):
    here.orthanc.call("POST", "/modalities/COLUMNA/echo", json={})
    check = "from storage.services.contact import source_check; print(source_check(source=project.sources.get()).checked_ok)"
    assert here.shell(check).strip() == "True"
    until(lambda: '"associations": 0' in here.shell(STATUS), what="the end of the associations")
    told = here.shell(STATUS)
    assert '"checked_ok": true' in told
    assert '"echoed_at": null' not in told
    assert '"received": 10' in told
    assert '"duplicate": 4' in told
