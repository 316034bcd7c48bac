"""Canary patients come in by every way, whole, broken, doubtful and refused; then nothing of them is anywhere that can be read."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import nibabel as nib
import numpy as np
import pydicom
import pytest

from tests.journeys.whole import PROJECT, person, settled, whole_columna
from tests.reader import Reader, Refused
from tests.servers.installation import Installation, until
from tests.servers.pacs import dcmtk
from tests.storage.dicoms import MR, slice_of, to_bytes
from tests.storage.hospital import address_of, orthanc_beside, write

pytestmark = [pytest.mark.slow, pytest.mark.journey]

WAYS = ("cstore", "stow", "upload", "folder", "getpull", "webpull", "held", "broken", "refused")
ROOT_UID = "1.2.276.0.7230010.3.77.4242"
DOCUMENT = "1.2.840.10008.5.1.4.1.1.104.1"


def name_of(way: str) -> str:
    return f"Quorvexil{way}^Zanthiope{way}"


def marks_of(way: str) -> list[str]:
    """Everything that is the patient of one way in, as a search would look for it."""
    study = uid_of(way)
    return [f"quorvexil{way}", f"zanthiope{way}", f"qv-{way}-991".lower(), f"aqx{way}7".lower()[:16], study, f"{study}.1", "vyrmandokter"]


def uid_of(way: str) -> str:
    return f"{ROOT_UID}.{1000 + WAYS.index(way)}"


def canaries(way: str, count: int = 2, **fields: object) -> list[bytes]:
    """Return images of the canary patient of one way in."""
    study = uid_of(way)
    return [
        to_bytes(
            slice_of(
                study=study, series=f"{study}.1", number=number, position=(0, 0, -3.0 * number), patient=f"QV-{way}-991", sop_class=MR,
                **{
                    "PatientName": name_of(way), "AccessionNumber": f"AQX{way}7"[:16], "SOPInstanceUID": f"{study}.1.{number}",
                    "StudyDescription": f"MRT LWS Quorvexil{way}", "ReferringPhysicianName": "Vyrmandokter^Ulf", **fields,
                },
            )
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def columna() -> Iterator[Installation]:
    with whole_columna("canary") as installation:
        yield installation


@pytest.fixture(scope="module")
def manager(columna: Installation, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Have the canaries come in by every way; return the data manager when everything has settled."""
    here = tmp_path_factory.mktemp("outside")
    manager = person(columna, "manager")
    port = columna.environment["COLUMNA_DICOM_PORT"]
    manager.post("/api/sources", {"project": PROJECT, "name": "Sender", "kind": "dimse", "ae_title": "SENDER"})
    _c_store(here, port)
    _stow(manager)
    _upload(manager)
    folder = here / "Quorvexilfolder Zanthiopefolder"
    write(folder, canaries("folder"))
    (folder / "Quorvexilfolder.txt").write_text("Quorvexilfolder")
    columna.manage("import_folder", str(folder), "--project", PROJECT)
    _pull(manager, here, port)
    _errors(manager)
    until(lambda: settled(manager), seconds=240, what="the end of the work")
    return manager


def _c_store(here: Path, port: str) -> None:
    def send(name: str, data: list[bytes], calling: str = "SENDER") -> None:
        command = [
            dcmtk("storescu"),
            "-R",
            "-nh",
            "-aet",
            calling,
            "-aec",
            "COLUMNA",
            "127.0.0.1",
            port,
            *map(str, write(here / name, data)),
        ]
        subprocess.run(command, env={**os.environ, "TCP_NODELAY": "1"}, capture_output=True, timeout=60)

    send("whole", canaries("cstore"))
    send("conflict", canaries("cstore", 1, pixels=np.full((16, 12), 99, np.int16)))
    send("document", canaries("held", 1, SOPClassUID=DOCUMENT))
    send("cut", [canaries("broken", 1)[0][:-200]])
    send("stranger", canaries("refused", 1), calling="STRANGER")


def _stow(manager: Reader) -> None:
    broken = b"Quorvexilbroken, not DICOM at all " * 20
    for parts in (canaries("stow"), [broken, canaries("broken", 1)[0][:-200]]):
        body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n" for data in parts) + b"--edge--\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary=edge'
        try:
            manager.bytes(
                f"/api/projects/{PROJECT}/dicomweb/studies", method="POST", data=body, media_type=kind, accept="application/dicom+json"
            )
        except Refused:
            assert parts[0] == broken


def _upload(manager: Reader) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number, data in enumerate(canaries("upload")):
            file.writestr(f"Quorvexilupload/Zanthiopeupload_{number}.dcm", data)
        file.writestr("../Quorvexilbroken.dcm", canaries("broken", 1)[0])
    header = nib.Nifti1Header()
    header["descrip"] = b"Quorvexilupload"
    volume = nib.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4), header).to_bytes()
    for name, data, kind, mapping in (
        ("Quorvexilupload_Zanthiopeupload.zip", archive.getvalue(), "dicom", ""),
        ("Quorvexilbroken.dcm", b"no image of Quorvexilbroken", "dicom", ""),
        ("QV-upload-991_Quorvexilupload.nii", volume, "nifti", '{"image": "(?P<subject>QV-upload-991)_.*", "modality": "MR"}'),
    ):
        fields = {"project": PROJECT, "kind": kind, **({"mapping": mapping} if mapping else {})}
        body = b"".join(f'--e\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items())
        body += f'--e\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n--e--\r\n"
        manager.bytes("/api/imports", method="POST", data=body, media_type="multipart/form-data; boundary=e", accept="application/json")


def _pull(manager: Reader, here: Path, port: str) -> None:
    with orthanc_beside(here / "orthanc", port) as orthanc:
        orthanc.put(*canaries("getpull"), *canaries("webpull"))
        places = {
            "getpull": {"kind": "dimse", **address_of(orthanc)},
            "webpull": {"kind": "dicomweb", "dicomweb_url": f"{orthanc.server.url}/dicom-web"},
        }
        for way, place in places.items():
            source = manager.post("/api/sources", {"project": PROJECT, "name": way, "pull_filter": {"modalities": ["MR"]}, **place})
            at = f"/api/sources/{source['id']}"
            manager.post(f"{at}/worklist", {"accession_numbers": [f"AQX{way}7"[:16], "AQXgetpull8"]})
            if way == "webpull":
                body = b'{"username": "columna", "password": "columna"}'
                manager.bytes(f"{at}/credentials", method="PUT", data=body, media_type="application/json", accept="application/json")
            manager.post(f"{at}/pull", {})
            done = until(
                lambda at=at: (told := manager.get(f"{at}/status")["pull"])["state"] in ("succeeded", "failed") and told, seconds=120
            )
            assert (done["state"], done["studies"], done["failed"], done["stored"]) == ("succeeded", 1, 0, 2), done
            assert manager.get(f"{at}/status")["worklist"] == 1


def _errors(manager: Reader) -> None:
    """Ask for what cannot be, with a canary in the body: no error says it back."""
    for path, body in (
        (
            "/api/sources",
            {"project": PROJECT, "name": "x", "kind": "dimse", "ae_title": "Q", "pull_filter": {"accession_numbers": ["AQXgetpull7"]}},
        ),
        (
            "/api/sources",
            {"project": PROJECT, "name": "x", "kind": "dicomweb", "dicomweb_url": "https://x", "pull_filter": {"date": "Quorvexilbroken"}},
        ),
    ):
        with pytest.raises(Refused) as refused:
            manager.post(path, body)
        assert "quorvexil" not in str(refused.value).lower()


def forms(mark: str) -> set[bytes]:
    """Return a word as it could stand in a file: plain, UTF-16, hexadecimal, percent-encoded, and Base64 at each of its three offsets."""
    plain = mark.encode()
    found = {plain, mark.encode("utf-16-le"), mark.encode("utf-16-be"), plain.hex().encode(), quote(mark, safe="").lower().encode()}
    for offset in range(3):
        found.add(base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : -4])
    return {form for form in found if len(form) >= 8}


def leaks(data: bytes) -> list[bytes]:
    low = data.lower()
    return [form for way in WAYS for mark in marks_of(way) for form in forms(mark) if form in data or form in low]


def test_the_search_finds_a_canary_in_every_form() -> None:
    (data,) = canaries("cstore", 1)
    assert leaks(data)
    word = name_of("cstore").encode()
    assert leaks(b"..." + word.upper())
    assert leaks(base64.b64encode(b"xy" + word.lower()))
    assert leaks(word.lower().hex().encode())
    assert leaks(word.lower().decode().encode("utf-16-le"))


def test_every_canary_came_in_or_was_held_for_its_reason(columna: Installation, manager: Reader) -> None:
    stored = columna.rows("SELECT s.name, COUNT(*) FROM storage_instance i JOIN storage_source s ON s.id = i.source_id GROUP BY s.name")
    assert {("Sender", 2), ("DICOMweb", 2), ("Folder import", 2), ("getpull", 2), ("webpull", 2)} <= set(stored)
    assert dict(stored)["Upload"] >= 2
    held = {reason for (reason,) in columna.rows("SELECT reason FROM storage_quarantineitem")}
    assert {"uid_conflict", "encapsulated_document"} <= held
    assert ("association.refuse",) in columna.rows("SELECT verb FROM accounts_auditevent")


def test_no_file_of_the_installation_holds_a_canary(columna: Installation, manager: Reader) -> None:
    """Logs of all processes with the URLs asked for, database and its journal with jobs, events and audit rows, objects, queues, keys."""
    found, files = {}, 0
    for path in columna.folder.rglob("*"):
        if path.is_file():
            files += 1
            if words := leaks(path.read_bytes()) + leaks(path.name.encode()):
                found[str(path.relative_to(columna.folder))] = words[:5]
    assert files > 20
    assert not found, found


def test_no_answer_of_the_server_holds_a_canary(columna: Installation, manager: Reader) -> None:
    places = ["sources", "imports", "quarantine", "studies", "series", "stacks", "jobs", "intake/summary", "cases"]
    answers = [manager.bytes(f"/api/{place}?project={PROJECT}", accept="application/json") for place in places]
    for batch in manager.get(f"/api/imports?project={PROJECT}")["results"]:
        answers.append(manager.bytes(f"/api/imports/{batch['id']}", accept="application/json"))
    for item in manager.get(f"/api/quarantine?project={PROJECT}")["results"]:
        answers.append(manager.bytes(f"/api/quarantine/{item['id']}", accept="application/json"))
    answers.append(manager.bytes("/metrics", accept="*/*"))
    assert not [words for answer in answers if (words := leaks(answer))]


def test_what_is_stored_is_readable_and_someone_else(columna: Installation, manager: Reader) -> None:
    objects = [
        path for path in (columna.folder / "data" / "objects").rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM"
    ]
    assert len(objects) >= 12
    assert all(str(pydicom.dcmread(path, stop_before_pixels=True).PatientID).startswith("SP-") for path in objects)
