"""Storage commitment with a pynetdicom sender on one association, and with Orthanc, which is called back."""

from __future__ import annotations

import queue

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.pdu import P_DATA_TF

from storage.dicom.commitment import SOP_CLASS, SOP_INSTANCE
from tests.servers.installation import until
from tests.storage.dicoms import CT, series_of
from tests.storage.hospital import address_of, hospital, orthanc_beside, write

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def here(tmp_path_factory, column):
    with hospital(tmp_path_factory.mktemp("commitment")) as here:
        here.source(name="PACS", ae_title="PACS")
        here.listen()
        yield here


def uids_of(files) -> list[str]:
    return [str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in files]


@pytest.fixture
def ask(here):
    """Return what the listener reports about the UIDs: the status of the request, the event type and what it lists."""

    def run(*uids: str, action: int = 1, sop_class: str = CT):
        answers: queue.Queue = queue.Queue()

        told = []

        def report(event):
            told.append((event.event_type, event.event_information))
            return 0x0000, None

        def sent(event):
            if told and isinstance(event.pdu, P_DATA_TF):  # our answer to the report: only now may the association end
                answers.put(told.pop())

        sender = AE("PACS")
        sender.add_requested_context(SOP_CLASS)
        handlers = [(evt.EVT_N_EVENT_REPORT, report), (evt.EVT_PDU_SENT, sent)]
        association = sender.associate("127.0.0.1", int(here.port), ae_title="COLUMNA", evt_handlers=handlers)
        assert association.is_established
        request = Dataset()
        request.TransactionUID = generate_uid()
        request.ReferencedSOPSequence = [Dataset() for _ in uids]
        for item, uid in zip(request.ReferencedSOPSequence, uids, strict=True):
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        status, _ = association.send_n_action(request, action, SOP_CLASS, SOP_INSTANCE)
        answer = answers.get(timeout=180) if status.Status == 0x0000 else (None, None)
        association.release()
        return status.Status, *answer

    return run


def test_what_is_durable_is_committed_by_its_original_uids(here, ask, tmp_path):
    files = write(tmp_path, series_of(3, seed="committed"))
    assert here.send(*files).returncode == 0
    status, event, information = ask(*uids_of(files))
    assert (status, event) == (0, 1)
    assert [str(item.ReferencedSOPInstanceUID) for item in information.ReferencedSOPSequence] == uids_of(files)
    assert "FailedSOPSequence" not in information
    until(lambda: here.count("storage_study", "ended_by = 'commitment'") == 1, what="the end of the study")


def test_what_is_not_here_or_held_or_of_another_class_fails_with_its_reason(here, ask, tmp_path):
    stored = write(tmp_path / "stored", series_of(1, seed="class"))
    held = write(tmp_path / "held", series_of(1, seed="held", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"))
    assert here.send(*stored).returncode == 0
    here.send(*held, more=("-R",))
    until(lambda: here.count("storage_quarantineitem") >= 1, what="the held document")
    status, event, information = ask(*uids_of(held), "1.2.3.4.5")
    assert (status, event) == (0, 2)
    assert [item.FailureReason for item in information.FailedSOPSequence] == [0x0110, 0x0112]
    _, _, other = ask(*uids_of(stored), sop_class="1.2.840.10008.5.1.4.1.1.4")
    assert [item.FailureReason for item in other.FailedSOPSequence] == [0x0119]


def test_a_question_that_is_none_is_refused(ask):
    assert ask("1.2.3", action=2)[0] == 0x0123
    assert ask()[0] == 0x0115


def test_bytes_that_are_gone_are_not_promised(here, ask, tmp_path):
    if "COLUMNA_S3_ENDPOINT" in here.columna.environment:
        pytest.skip("bytes are taken away from a folder here")
    (path,) = write(tmp_path, series_of(1, seed="gone"))
    assert here.send(path).returncode == 0
    ((digest,),) = here.columna.rows("SELECT blob_id FROM storage_instance ORDER BY created_at DESC LIMIT 1")
    (lying,) = (here.columna.folder / "data" / "objects").rglob(digest)
    lying.unlink()
    _, event, information = ask(*uids_of([path]))
    assert (event, information.FailedSOPSequence[0].FailureReason) == (2, 0x0110)


def test_orthanc_is_called_back_with_the_answer(here, tmp_path):
    with orthanc_beside(tmp_path / "orthanc", here.port) as orthanc:
        here.source(name="Orthanc", **address_of(orthanc))
        sent = orthanc.put(*series_of(3, seed="orthanc"))
        kept = orthanc.put(*series_of(1, seed="never sent"))
        for instances, expected in ((sent, "Success"), (sent + kept, "Failure")):
            orthanc.call("POST", "/modalities/COLUMNA/store", json={"Resources": sent, "Synchronous": True})
            asked = orthanc.call("POST", "/modalities/COLUMNA/storage-commitment", json={"Resources": instances})
            report = until(
                lambda path=asked["Path"]: (answer := orthanc.call("GET", path))["Status"] != "Pending" and answer, what="the report"
            )
            assert report["Status"] == expected
        assert [item["FailureReason"] for item in report["Failures"]] == [0x0112]


def test_nothing_of_the_question_is_kept_readable(here, tmp_path):
    assert here.count("storage_commitment", "state = 'answered'") > 0
    original = uids_of(write(tmp_path, series_of(1, seed="committed")))
    assert here.readable(*original, "Kesselring") == []
