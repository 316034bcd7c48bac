"""Pulling from a real web process: resumable, checksummed, and nothing moved twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import columna
from config.environment import BASE_DIR
from tests.client.conftest import Site
from tests.client.meddler import Meddler
from tests.datasets.cases import voxels


def moved(done: subprocess.CompletedProcess[str]) -> int:
    found = re.search(r"moved (\d+) bytes of data", done.stdout)
    assert found, done.stdout + done.stderr
    return int(found[1])


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.nii.gz")}


def test_login_ls_info_pull_verify_status(site: Site):
    told = site.run("login", site.url, "--token-stdin", stdin=site.tokens["researcher"] + "\n")
    assert told.returncode == 0, told.stderr
    assert (site.home / "config" / "config.json").stat().st_mode & 0o777 == 0o600
    assert "lumbar" in site.run("ls").stdout
    assert "1.1.0" in site.run("info", "lumbar").stdout
    assert "train: 4 patients" in site.run("info", "lumbar@1.0.0").stdout
    pulled = site.run("pull", "lumbar@1.0.0", "--out", "data")
    assert pulled.returncode == 0, pulled.stderr
    assert moved(pulled) > 5_000_000
    verified = site.run("verify", "data")
    assert (verified.returncode, "whole" in verified.stdout) == (0, True), verified.stdout + verified.stderr
    assert "newer version: 1.1.0" in site.run("status", "data").stdout


def test_the_second_pull_moves_nothing_and_another_folder_moves_nothing(site: Site):
    assert moved(site.run("pull", "lumbar@1.0.0", "--out", "data")) > 0
    with Meddler(site.url) as between:
        assert moved(site.run("pull", "lumbar@1.0.0", "--out", "data", url=between.url)) == 0
        assert moved(site.run("pull", "lumbar@1.0.0", "--out", "elsewhere", url=between.url)) == 0
        assert between.data_sent() == 0
    assert tree(site.home / "data") == tree(site.home / "elsewhere")
    image = next((site.home / "data").rglob("images/**/*.nii.gz"))
    assert image.stat().st_nlink == 3, "cache and both folders share one file"


def test_the_next_version_moves_only_what_is_new(site: Site):
    first = moved(site.run("pull", "lumbar@1.0.0", "--out", "one"))
    second = moved(site.run("pull", "lumbar@1.1.0", "--out", "two"))
    new = [path for path in tree(site.home / "two") if path not in tree(site.home / "one")]
    assert len(new) == 2, "an image and its labels"
    assert second < first / 3


def test_what_was_pulled_is_what_was_frozen_and_sha256sum_agrees(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=site.home / "data", check=True)
    image = next((site.home / "data" / "images" / "SP-000001").iterdir())
    array, affine = columna.load(image)
    assert np.array_equal(array, voxels(0, (10, 256, 256)))
    assert affine is not None
    assert np.allclose(affine[:3, 3], [20, 100, 150]), "RAS"


def test_openssl_verifies_the_signature_without_our_program(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    folder = site.home / "data"
    (folder / "key.pem").write_text(json.loads((folder / ".columna" / "state.json").read_text())["signing_key"])
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "manifest.json", "-sigfile", "manifest.sig"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert "Successfully" in done.stdout, done.stdout + done.stderr


def test_labels_of_test_patients_are_withheld_from_a_researcher_and_given_to_a_data_manager(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "his")
    assert not (site.home / "his" / "labels" / "SP-000005").exists()
    assert "withheld: 1" in site.run("verify", "his").stdout
    site.run("pull", "lumbar@1.0.0", "--out", "hers", role="manager")
    assert len(list((site.home / "hers" / "labels" / "SP-000005").iterdir())) == 1


@pytest.mark.parametrize("after", [400_000, 1_500_000, 3_000_000])
def test_kill_in_the_middle_leaves_no_wrong_file_and_the_next_pull_goes_on(site: Site, after: int):
    with Meddler(site.url, pause=0.05) as slow:
        process = subprocess.Popen(
            site.command("pull", "lumbar@1.0.0", "--out", "data", url=slow.url),
            env=site.settings(),
            cwd=site.home,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while slow.data_sent() < after and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        before = slow.data_sent()
    assert before > 0
    for path in (site.home / "cache" / "objects").rglob("*"):
        assert not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    wanted = {file["path"]: file["sha256"] for file in json.loads((site.home / "data" / "manifest.json").read_text())["files"]}
    for name, digest in tree(site.home / "data").items():
        assert wanted[name] == digest
    assert site.run("verify", "data").returncode == 5, "not whole yet, and it says so"
    with Meddler(site.url) as fast:
        again = site.run("pull", "lumbar@1.0.0", "--out", "data", url=fast.url)
        assert again.returncode == 0, again.stderr
        total = sum(file["size"] for file in json.loads((site.home / "data" / "manifest.json").read_text())["files"])
        assert moved(again) < total
        assert any("Range" in headers for path, headers in fast.asked), "the half file was gone on with"
    assert site.run("verify", "data", "--offline").returncode == 0


def test_a_file_somebody_changed_is_found_and_repaired(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    victim = next((site.home / "data").rglob("images/**/*.nii.gz"))
    victim.chmod(0o644)
    with victim.open("r+b") as handle:
        handle.seek(100)
        handle.write(b"\xff\xff\xff\xff")
    checked = site.run("verify", "data", "--offline")
    assert checked.returncode == 5
    assert f"wrong: {victim.relative_to(site.home / 'data')}" in checked.stdout
    again = site.run("pull", "lumbar@1.0.0", "--out", "data")
    assert (again.returncode, moved(again) > 0) == (0, True), "the cache shared the damage, so the file came over the wire"
    assert site.run("verify", "data", "--offline").returncode == 0


def test_missing_and_foreign_files_are_named(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    next((site.home / "data").rglob("labels/**/*.nii.gz")).unlink()
    (site.home / "data" / "mine.txt").write_text("notes")
    checked = site.run("verify", "data", "--offline")
    assert checked.returncode == 5
    assert "missing: labels/" in checked.stdout
    assert "not of this version: mine.txt" in checked.stdout


def test_a_dry_run_says_how_much_and_does_nothing(site: Site):
    told = site.run("pull", "lumbar@1.0.0", "--out", "data", "--dry-run")
    assert re.search(r"would move [1-9]\d{6} bytes", told.stdout)
    assert not (site.home / "data").exists()


def test_another_version_does_not_go_into_the_same_folder(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    assert site.run("pull", "lumbar@1.1.0", "--out", "data").returncode == 2


def test_a_script_has_to_name_the_version(site: Site):
    told = site.run("pull", "lumbar")
    assert (told.returncode, "Name the version" in told.stderr) == (2, True)
    latest = site.run("pull", "lumbar@latest", "--dry-run")
    assert "lumbar@latest is lumbar@1.1.0" in latest.stdout


@pytest.mark.parametrize(
    ("words", "role", "code"),
    [
        (["pull", "lumbar@9.9.9"], "researcher", 4),
        (["pull", "nothing@1.0.0"], "researcher", 4),
        (["pull", "lumbar@1.0.0"], "outsider", 4),
        (["pull", "../etc@1.0.0"], "researcher", 2),
        (["pull", "lumbar@1.0.0", "--jobs", "0"], "researcher", 2),
        (["verify", "nowhere"], "researcher", 2),
        (["dance"], "researcher", 2),
    ],
)
def test_each_refusal_has_its_exit_code(site: Site, words: list[str], role: str, code: int):
    done = site.run(*words, role=role)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_is_away_is_a_network_error(site: Site):
    from tests.servers.process import free_port

    done = subprocess.run(
        site.command("login", f"http://127.0.0.1:{free_port()}", "--token-stdin"),
        env=site.settings(),
        input="col_x\n",
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 6


def test_a_token_never_travels_in_the_open(site: Site):
    done = site.run("login", "http://columna.example.org", "--token-stdin", stdin="col_secret\n")
    assert (done.returncode, "https" in done.stderr) == (2, True)


def test_a_pull_is_in_the_audit_trail_and_leaves_a_receipt(site: Site):
    site.run("pull", "lumbar@1.0.0", "--out", "data")
    receipt = json.loads((site.home / "data" / "RECEIPT.json").read_text())["content"]
    script = (
        "import django; django.setup()\n"
        "from accounts.models import AuditEvent\n"
        f"print(AuditEvent.objects.filter(verb='version.pull', detail__receipt='{receipt['id']}').count())"
    )
    done = subprocess.run([sys.executable, "-c", script], env=site.environment, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_a_withdrawn_patient_has_to_leave_the_folder(site: Site):
    site.run("pull", "leaving@1.0.0", "--out", "data", role="leaving")
    assert site.run("verify", "data", role="leaving").returncode == 0
    script = (
        "import django; django.setup()\n"
        "from uuid import UUID\n"
        "from accounts.models import Project\n"
        "from datasets.services.withdrawal import subject_withdraw\n"
        f"subject_withdraw(subject_id=UUID('{site.facts['subject']}'), project=Project.objects.get(pk='{site.facts['project']}'))"
    )
    subprocess.run([sys.executable, "-c", script], env=site.environment, cwd=BASE_DIR, check=True)
    still = site.run("verify", "data", role="leaving")
    assert (still.returncode, still.stdout.count("withdrawn, still here")) == (5, 2)
    assert "withdrawn and still here: 2 files" in site.run("status", "data", role="leaving").stdout
    assert site.run("pull", "leaving@1.0.0", "--out", "data", role="leaving").returncode == 3
    assert len(tree(site.home / "data")) == 2
    assert site.run("verify", "data", role="leaving").returncode == 3
    assert site.run("verify", "data", "--offline", role="leaving").returncode == 3


def test_python_pulls_and_verifies_too(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNA_CACHE_DIR", str(site.home / "cache"))
    monkeypatch.setenv("COLUMNA_CONFIG_DIR", str(site.home / "config"))
    client = columna.Client(site.url, site.tokens["researcher"])
    report = columna.pull("lumbar@1.0.0", site.home / "data", client=client)
    assert report.moved == report.to_move > 0
    assert columna.verify(site.home / "data", client=client).is_whole
    assert client.dataset("lumbar").version("1.0.0").manifest.digest == report.digest
    assert columna.pull("lumbar@1.0.0", site.home / "data", client=client).moved == 0


def test_two_pulls_at_once_share_the_cache_and_both_are_whole(site: Site):
    with Meddler(site.url, pause=0.005) as between:
        both = [
            subprocess.Popen(
                site.command("pull", "lumbar@1.0.0", "--out", out, url=between.url),
                env=site.settings(),
                cwd=site.home,
                stdout=subprocess.DEVNULL,
            )
            for out in ("one", "two")
        ]
        assert [process.wait(60) for process in both] == [0, 0]
        total = sum(path.stat().st_size for path in (site.home / "cache" / "objects").rglob("*") if path.is_file())
        assert between.data_sent() <= total
    assert os.listdir(site.home / "one") == os.listdir(site.home / "two")  # noqa: PTH208  names are all that matters
    assert site.run("verify", "one", "--offline").returncode == 0
