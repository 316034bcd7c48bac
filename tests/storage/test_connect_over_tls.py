"""Orthanc and Columna over TLS, both showing certificates: sending, commitment, fetching, and who is turned away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.servers.installation import until
from tests.servers.process import free_port
from tests.storage.dicoms import series_of
from tests.storage.hospital import address_of, hospital, orthanc_beside

pytestmark = pytest.mark.story

PULL = """
from storage.services.pull import source_pull
done = source_pull(source=project.sources.get())
print(done.studies, done.failed, done.stored)
"""
STATUS = """
import json
from storage.services.contact import source_check
from storage.services.source_status import source_status
source_check(source=project.sources.get())
print(json.dumps(source_status(source=project.sources.get()), default=str))
"""


def certificates(folder: Path) -> Path:
    """Make an authority and one certificate each for Columna and for Orthanc, with openssl."""
    folder.mkdir()
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=hospital", "-keyout", "ca.key", "-out", "ca.pem")
    for who in ("columna", "orthanc"):
        openssl("req", *new, "-subj", f"/CN={who}", "-keyout", f"{who}.key", "-out", f"{who}.csr")
        ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        openssl("x509", "-req", "-in", f"{who}.csr", *ca, "-days", "2", "-extfile", "names", "-out", f"{who}.pem")
    return folder


@pytest.fixture(scope="module")
def here(tmp_path_factory, column):
    keys = certificates(tmp_path_factory.mktemp("tls") / "keys")
    port = str(free_port())
    tls = {
        "COLUMNA_DICOM_TLS_PORT": port,
        "COLUMNA_DICOM_TLS_CERTIFICATE": str(keys / "columna.pem"),
        "COLUMNA_DICOM_TLS_KEY": str(keys / "columna.key"),
        "COLUMNA_DICOM_TLS_CLIENTS": str(keys / "ca.pem"),
    }
    theirs = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(keys / "orthanc.pem"),
        "DicomTlsPrivateKey": str(keys / "orthanc.key"),
        "DicomTlsTrustedCertificates": str(keys / "ca.pem"),
        "DicomModalities": {"COLUMNA": {"AET": "COLUMNA", "Host": "127.0.0.1", "Port": int(port), "UseDicomTls": True}},
    }
    with hospital(tmp_path_factory.mktemp("columna"), **tls) as here:
        here.listen()
        with orthanc_beside(tmp_path_factory.mktemp("orthanc"), here.port, **theirs) as orthanc:
            here.source(
                name="Orthanc", is_tls=True, certificate_subject="orthanc", pull_filter={"modalities": ["CT"]}, **address_of(orthanc)
            )
            here.orthanc = orthanc
            yield here


def test_orthanc_sends_and_has_it_committed(here):
    sent = here.orthanc.put(*series_of(3, seed="tls"))
    here.orthanc.call("POST", "/modalities/COLUMNA/store", json={"Resources": sent, "Synchronous": True})
    assert here.stored == 3
    path = here.orthanc.call("POST", "/modalities/COLUMNA/storage-commitment", json={"Resources": sent})["Path"]
    report = until(lambda: (told := here.orthanc.call("GET", path))["Status"] != "Pending" and told, what="the report")
    assert report["Status"] == "Success"


def test_columna_fetches_from_orthanc(here):
    here.orthanc.put(*series_of(2, seed="tls pull"))
    assert here.shell(PULL).split() == ["2", "0", "2"]


def test_the_source_page_tells_when_certificates_expire(here):
    told = here.shell(STATUS)
    assert '"checked_ok": true' in told
    assert '"source_until": null' not in told
    assert '"listener_until": null' not in told


def test_another_certificate_than_the_named_one_is_turned_away(here):
    here.shell('source_update(source=project.sources.get(), user=None, certificate_subject="CN=somebody else")')
    (other,) = here.orthanc.put(*series_of(1, seed="tls other"))
    with pytest.raises(Exception, match="500"):
        here.orthanc.call("POST", "/modalities/COLUMNA/store", json={"Resources": [other], "Synchronous": True})
    assert "association.refuse" in here.verbs()
