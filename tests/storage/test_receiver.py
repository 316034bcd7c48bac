"""The DICOM listener with real peers: dcmtk and Orthanc send, processes are killed, lines are dropped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.servers.installation import Installation, column_settings, until
from tests.servers.pacs import AE_TITLE, start_orthanc
from tests.servers.process import free_port
from tests.storage.dicoms import series_of

PREPARE = """
from accounts.models import Organisation, Project
from storage.services.source import source_create
hospital = Organisation.objects.create(slug="hospital", name="Hospital")
project = Project.objects.create(slug="spine", name="Spine", organisation=hospital)
source_create(project=project, user=None, name="PACS", kind="dimse", ae_title="PACS")
source_create(project=project, user=None, name="Orthanc", kind="dimse", ae_title="ORTHANC", addresses=["127.0.0.0/8"])
source_create(project=project, user=None, name="MR only", kind="dimse", ae_title="MRONLY", modalities=["MR"])
"""


@pytest.fixture(scope="module")
def columna(tmp_path_factory, column):
    settings = {"COLUMNA_DICOM_PORT": str(free_port())}
    here = Installation(tmp_path_factory.mktemp("receiver"), {**column_settings(), **settings})
    here.migrate()
    here.manage("shell", "-v0", "-c", PREPARE)
    here.receiver = here.start("manage.py", "receiver", "--processes", "2", name="receiver")
    until(lambda: b"listening" in here.log("receiver").read_bytes(), what="the listener")
    yield here
    here.stop()


@pytest.fixture
def send(columna, dcmtk):
    def run(*paths, calling="PACS", tool="storescu", more=()):
        command = [
            dcmtk(tool),
            *more,
            "-aet",
            calling,
            "-aec",
            "COLUMNA",
            "127.0.0.1",
            columna.environment["COLUMNA_DICOM_PORT"],
            *map(str, paths),
        ]
        return subprocess.run(command, env={**os.environ, "TCP_NODELAY": "1"}, capture_output=True, text=True, timeout=180)

    run.port = columna.environment["COLUMNA_DICOM_PORT"]
    return run


def write(folder: Path, data: list[bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.dcm" for number in range(len(data))]
    for path, item in zip(paths, data, strict=True):
        path.write_bytes(item)
    return paths


def stored(columna) -> int:
    return columna.rows("SELECT COUNT(*) FROM storage_instance")[0][0]


def test_echo_of_an_authorised_peer_succeeds(send):
    answer = send(tool="echoscu", more=("-v",))
    assert "Received Echo Response (Success)" in answer.stderr + answer.stdout


def test_an_unknown_caller_is_refused_and_audited(columna, send, tmp_path):
    before = stored(columna)
    answer = send(*write(tmp_path, series_of(1, seed="refused")), calling="STRANGER")
    assert "Calling AE Title Not Recognized" in answer.stderr
    assert stored(columna) == before
    assert ("association.refuse",) in columna.rows("SELECT verb FROM accounts_auditevent")


def test_a_study_is_stored_before_the_sender_hears_of_it(columna, send, tmp_path):
    before = stored(columna)
    assert send(*write(tmp_path, series_of(6, seed="store"))).returncode == 0
    assert stored(columna) == before + 6
    assert send(*sorted(tmp_path.iterdir())).returncode == 0
    assert stored(columna) == before + 6


def test_status_tells_the_reason(send, tmp_path):
    answer = send(*write(tmp_path, series_of(1, seed="modality")), calling="MRONLY", more=("-v",))
    assert "0124" in answer.stderr + answer.stdout or answer.returncode != 0


def test_nothing_acknowledged_is_lost_when_a_process_is_killed(columna, send, dcmtk, tmp_path):
    paths = write(tmp_path, series_of(80, seed="killed"))
    command = [dcmtk("storescu"), "-v", "-aet", "PACS", "-aec", "COLUMNA", "127.0.0.1", send.port, *map(str, paths)]
    before = stored(columna)
    sender = subprocess.Popen(command, env={**os.environ, "TCP_NODELAY": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until(lambda: stored(columna) > before + 5, what="the first images")
    children = subprocess.run(["pgrep", "-P", str(columna.receiver.pid)], capture_output=True, text=True).stdout.split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    acknowledged = sender.communicate(timeout=180)[0].count("(Success)")
    assert stored(columna) - before >= acknowledged
    assert not [path for path in columna.folder.rglob("*") if path.is_file() and b"Kesselring" in path.read_bytes()]
    deadline = time.monotonic() + 120
    while send(*paths).returncode != 0 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert stored(columna) == before + 80


def test_a_dropped_line_leaves_whole_objects_only(columna, send, dcmtk, tmp_path):
    paths = write(tmp_path, series_of(60, seed="dropped"))
    before = stored(columna)
    sender = subprocess.Popen(
        [dcmtk("storescu"), "-aet", "PACS", "-aec", "COLUMNA", "127.0.0.1", send.port, *map(str, paths)],
        env={**os.environ, "TCP_NODELAY": "1"},
    )
    until(lambda: stored(columna) > before, what="the first image")
    sender.kill()
    sender.wait()
    assert send(*paths).returncode == 0
    assert stored(columna) == before + 60


def test_ten_associations_at_once(columna, dcmtk, send, tmp_path):
    before = stored(columna)
    senders = []
    for number in range(10):
        paths = write(tmp_path / str(number), series_of(3, seed=f"ten{number}"))
        senders.append(
            subprocess.Popen(
                [dcmtk("storescu"), "-aet", "PACS", "-aec", "COLUMNA", "127.0.0.1", send.port, *map(str, paths)],
                env={**os.environ, "TCP_NODELAY": "1"},
            )
        )
    assert [sender.wait(timeout=180) for sender in senders] == [0] * 10
    assert stored(columna) == before + 30


def test_an_object_in_small_fragments_is_the_same_object(columna, send, tmp_path):
    whole = series_of(1, seed="fragments", pixels=np.arange(200 * 220, dtype=np.int16).reshape(200, 220))
    parts = series_of(1, seed="parts", pixels=np.arange(200 * 220, dtype=np.int16).reshape(200, 220))
    assert send(*write(tmp_path / "whole", whole)).returncode == 0
    assert send(*write(tmp_path / "parts", parts), more=("--max-send-pdu", "4096")).returncode == 0
    digests = columna.rows("SELECT pixel_digest FROM storage_instance ORDER BY created_at DESC LIMIT 2")
    assert digests[0] == digests[1]


def test_garbage_on_the_line_ends_that_association_only(columna, send, tmp_path):
    with socket.create_connection(("127.0.0.1", int(send.port)), timeout=180) as line:
        line.sendall(b"\x04\0\xff\xff\xff\xff" + b"garbage" * 100)
        line.settimeout(40)
        with contextlib.suppress(ConnectionResetError):
            while line.recv(4096):
                pass
    before = stored(columna)
    assert send(*write(tmp_path, series_of(1, seed="after garbage"))).returncode == 0
    assert stored(columna) == before + 1


def test_memory_stays_flat_while_images_pass(columna, dcmtk, send, tmp_path):
    """A leak takes a part of every image: of a few rounds of 120 images of half a megabyte, one leaves less than a quarter behind.

    The first rounds warm up: a process that was given no association so far grows at its first.
    """

    def resident() -> float:
        children = subprocess.run(["pgrep", "-P", str(columna.receiver.pid)], capture_output=True, text=True).stdout.split()
        return sum(int(Path(f"/proc/{child}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") for child in children) / 1e6

    def pass_by(seed: str) -> None:
        paths = write(tmp_path / seed, series_of(120, seed=seed, pixels=np.zeros((512, 512), np.int16)))
        commands = [
            [dcmtk("storescu"), "-aet", "PACS", "-aec", "COLUMNA", "127.0.0.1", send.port, *map(str, paths[side::4])] for side in range(4)
        ]
        senders = [subprocess.Popen(command, env={**os.environ, "TCP_NODELAY": "1"}) for command in commands]
        assert [sender.wait(timeout=120) for sender in senders] == [0] * 4

    left = []
    for seed in ("first", "second", "third", "fourth", "fifth"):
        before = resident()
        pass_by(seed)
        left.append(resident() - before)
        if left[-1] < 0.25 * 120 * 0.525:
            return
    pytest.fail(f"every round left megabytes behind: {left}")


def test_orthanc_sends_a_study(columna, send, tmp_path):
    peer = {"COLUMNA": {"AET": "COLUMNA", "Host": "127.0.0.1", "Port": int(send.port)}}
    before = stored(columna)
    with start_orthanc(tmp_path / "orthanc", modalities=peer) as orthanc:
        session = requests.Session()
        session.auth = (orthanc.settings["USER"], orthanc.settings["PASSWORD"])
        for item in series_of(4, seed="orthanc"):
            session.post(f"{orthanc.url}/instances", data=item, timeout=180).raise_for_status()
        (study,) = session.get(f"{orthanc.url}/studies", timeout=180).json()
        session.post(f"{orthanc.url}/modalities/COLUMNA/store", data=study, timeout=180).raise_for_status()
        session.close()
    assert AE_TITLE == "ORTHANC"
    assert stored(columna) == before + 4


def test_nothing_of_a_patient_is_in_the_log(columna):
    log = columna.log("receiver").read_bytes()
    assert not [word for word in (b"Kesselring", b"4711-0815", b"ACC7788123", b"Traceback") if word in log]


def _certificates(folder: Path) -> Path:
    """Make an authority, a server's and a client's certificate with openssl."""
    folder.mkdir(parents=True)
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    run = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=ca",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ]
    subprocess.run(run, cwd=folder, check=True, capture_output=True)
    (folder / "names").write_text(names)
    for who in ("server", "client"):
        request = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={who}", "-keyout", f"{who}.key", "-out", f"{who}.csr"]
        subprocess.run(request, cwd=folder, check=True, capture_output=True)
        sign = ["openssl", "x509", "-req", "-in", f"{who}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
        subprocess.run([*sign, "-extfile", "names", "-out", f"{who}.pem"], cwd=folder, check=True, capture_output=True)
    return folder


def test_tls_takes_in_who_shows_a_certificate_and_nobody_else(columna, dcmtk, tmp_path):
    keys = _certificates(tmp_path / "keys")
    port = str(free_port())
    tls = {
        **columna.environment,
        "COLUMNA_DICOM_PORT": str(free_port()),
        "COLUMNA_DICOM_TLS_PORT": port,
        "COLUMNA_DICOM_TLS_CERTIFICATE": str(keys / "server.pem"),
        "COLUMNA_DICOM_TLS_KEY": str(keys / "server.key"),
        "COLUMNA_DICOM_TLS_CLIENTS": str(keys / "ca.pem"),
    }
    before, plain = stored(columna), columna.environment
    columna.environment = tls
    try:
        listener = columna.start("manage.py", "receiver", "--processes", "1", name="tls")
    finally:
        columna.environment = plain
    until(lambda: b"listening" in columna.log("tls").read_bytes(), what="the listener")
    (path,) = write(tmp_path / "files", series_of(1, seed="tls"))
    peer = ["-aet", "PACS", "-aec", "COLUMNA", "127.0.0.1", port, str(path)]
    known = [dcmtk("storescu"), "+tls", str(keys / "client.key"), str(keys / "client.pem"), "+cf", str(keys / "ca.pem"), *peer]
    unknown = [dcmtk("storescu"), "+tla", "+cf", str(keys / "ca.pem"), *peer]
    environment = {**os.environ, "TCP_NODELAY": "1"}
    try:
        until(
            lambda: subprocess.run(known, env=environment, capture_output=True, timeout=180).returncode == 0,
            what="a sender with a certificate",
        )
        assert stored(columna) == before + 1
        assert subprocess.run(unknown, env=environment, capture_output=True, timeout=180).returncode != 0
        assert subprocess.run([dcmtk("storescu"), *peer], env=environment, capture_output=True, timeout=180).returncode != 0
    finally:
        listener.terminate()
        listener.wait(20)
