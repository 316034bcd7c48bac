"""A PACS is told to send a study, and it stands on the worklist with a proposal: nobody types a command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.whole import PROJECT, person, settled, whole_columna
from tests.reader import Reader
from tests.servers.installation import Installation, until
from tests.servers.pacs import AE_TITLE, start_orthanc

pytestmark = [pytest.mark.slow, pytest.mark.journey]


@pytest.fixture
def columna() -> Iterator[Installation]:
    with whole_columna("pacs") as installation:
        yield installation


def cases(someone: Reader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = someone.get(f"/api/cases?project={PROJECT}")["results"]
    return found


def test_a_study_sent_by_orthanc_is_on_the_worklist_with_a_proposal(columna: Installation, tmp_path: Path) -> None:
    manager, reader = person(columna, "manager"), person(columna, "reader")
    manager.post("/api/sources", {"project": PROJECT, "name": "PACS", "kind": "dimse", "ae_title": AE_TITLE, "addresses": ["127.0.0.1"]})
    columna.manage("phantom", str(tmp_path / "phantom"), "--modalities", "MR", "--count", "4", "--fast")
    files = [path for path in sorted((tmp_path / "phantom").rglob("*")) if path.is_file() and path.read_bytes()[128:132] == b"DICM"]
    peer = {"COLUMNA": {"AET": "COLUMNA", "Host": "127.0.0.1", "Port": int(columna.environment["COLUMNA_DICOM_PORT"])}}
    with start_orthanc(tmp_path / "orthanc", modalities=peer) as orthanc:
        session = requests.Session()
        session.auth = (orthanc.settings["USER"], orthanc.settings["PASSWORD"])
        for path in files:
            session.post(f"{orthanc.url}/instances", data=path.read_bytes(), timeout=30).raise_for_status()
        studies = session.get(f"{orthanc.url}/studies", timeout=30).json()
        assert len(studies) == 4
        session.post(f"{orthanc.url}/modalities/COLUMNA/store", json={"Resources": studies}, timeout=240).raise_for_status()
        session.close()
    until(lambda: len(cases(reader)) == 4 and settled(manager), seconds=300, what="four cases")
    proposed = [case for case in cases(reader) if case["state"] == "proposed"]
    assert proposed, "at least one of four people is not sealed, and has a proposal"
    assert manager.get(f"/api/quarantine?project={PROJECT}")["count"] == 0
