"""A server that lies: nothing it says is written outside the folder, kept under a wrong name, or believed unsigned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import columna
from columna.config import Server, server_save
from columna.errors import COMPLETE_EXCEPT_WITHDRAWN
from columna.manifest import manifest_parse, path_is_safe
from columna.pull import version_pull
from tests.client.conftest import Site
from tests.client.meddler import Answer, Lie, Meddler


@pytest.fixture(autouse=True)
def _home(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNA_CACHE_DIR", str(site.home / "cache"))
    monkeypatch.setenv("COLUMNA_CONFIG_DIR", str(site.home / "config"))


def on(part: str, change: Callable[[Answer], Answer | None]) -> Lie:
    """Change the answers to addresses with ``part`` in them."""

    def lie(path: str, answer: Answer) -> Answer:
        return (change(answer) or answer) if part in path and answer.status < 300 else answer

    return lie


def client_of(site: Site, between: Meddler) -> columna.Client:
    client = columna.Client(between.url, site.tokens["researcher"])
    client.session.retries = 1
    return client


def nothing_wrong_under_a_final_name(site: Site) -> None:
    import hashlib

    for path in (site.home / "cache" / "objects").rglob("*"):
        assert not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert not list((site.home / "data").rglob("*.nii.gz"))


def flipped(answer: Answer) -> None:
    answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])


def longer(answer: Answer) -> None:
    answer.body += b"more"


def endless(answer: Answer) -> None:
    answer.body *= 5


def empty(answer: Answer) -> None:
    answer.body = b""


def compressed_claim(answer: Answer) -> None:
    answer.body = b"\x1f\x8b" + answer.body


@pytest.mark.parametrize("change", [flipped, longer, endless, compressed_claim])
def test_a_file_with_other_bytes_is_refused(site: Site, change: Callable[[Answer], None]):
    with Meddler(site.url, on("/blobs/", change)) as between, pytest.raises(columna.IntegrityError):
        columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))
    nothing_wrong_under_a_final_name(site)


def test_a_file_that_ends_too_soon_every_time_is_a_network_error(site: Site):
    def short(answer: Answer) -> None:
        answer.promised, answer.body = len(answer.body), answer.body[: len(answer.body) // 2] if len(answer.body) > 9 else b""

    with Meddler(site.url, on("/blobs/", short)) as between:
        client = client_of(site, between)
        with pytest.raises((columna.NetworkError, columna.IntegrityError)):
            columna.pull("lumbar@1.0.0", site.home / "data", client=client)
    nothing_wrong_under_a_final_name(site)


def test_a_range_that_was_not_asked_for_is_refused(site: Site):
    first: list[str] = []

    def once_short_then_from_the_wrong_place(path: str, answer: Answer) -> Answer:
        if "/blobs/" in path and answer.status == 200 and path not in first:
            first.append(path)
            answer.promised, answer.body = len(answer.body), answer.body[: len(answer.body) // 2]
        elif answer.status == 206:
            answer.headers["Content-Range"] = "bytes 0-9/10"
        return answer

    with Meddler(site.url, once_short_then_from_the_wrong_place) as between, pytest.raises(columna.IntegrityError, match="another range"):
        columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))


def test_a_half_file_that_was_wrong_is_fetched_again_from_the_start(site: Site):
    client = columna.Client(site.url, site.tokens["researcher"])
    with client:
        file = client.version("lumbar@1.0.0").manifest.files[1]
    client.cache.part(file.sha256).write_bytes(b"rubbish that a crash left")
    assert columna.pull("lumbar@1.0.0", site.home / "data", client=client).exit_code == 0
    assert columna.verify(site.home / "data", client=client).is_whole


def test_a_server_that_answers_a_range_with_the_whole_file_is_understood(site: Site):
    client = columna.Client(site.url, site.tokens["researcher"])
    with client:
        files = client.version("lumbar@1.0.0").manifest.files
        whole = client.session.small(f"/api/datasets/lumbar/versions/1.0.0/blobs/{files[1].sha256}", limit=10**8)
    client.cache.part(files[1].sha256).write_bytes(whole[:100])

    def forget(path: str, answer: Answer) -> Answer:
        if answer.status == 206:
            answer.status, answer.body = 200, whole
            answer.headers.pop("Content-Range")
        return answer

    with Meddler(site.url, forget) as between:
        assert columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between)).exit_code == 0


@pytest.mark.parametrize("change", [flipped, longer, empty])
def test_another_manifest_than_the_version_names_is_refused(site: Site, change: Callable[[Answer], None]):
    with Meddler(site.url, on("/manifest", change)) as between, pytest.raises(columna.IntegrityError, match="not the one"):
        columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))


def test_a_manifest_signed_by_somebody_else_is_refused(site: Site):
    stranger = Ed25519PrivateKey.generate()
    key = stranger.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with Meddler(site.url) as between:
        server_save(Server(between.url, site.tokens["researcher"], key))
        with pytest.raises(columna.IntegrityError, match="signature of the manifest"):
            columna.pull("lumbar@1.0.0", site.home / "data", client=columna.Client())


def test_a_server_that_signs_with_another_key_than_before_is_refused_at_login(site: Site):
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    server_save(Server(site.url, "col_old", stranger))
    told = site.run("login", site.url, "--token-stdin", stdin=site.tokens["researcher"] + "\n")
    assert (told.returncode, "another key" in told.stderr) == (5, True)
    assert site.run("login", site.url, "--token-stdin", "--trust-new-key", stdin=site.tokens["researcher"] + "\n").returncode == 0


def test_tombstones_nobody_signed_make_nothing_disappear(site: Site):
    def bury_everything(answer: Answer) -> None:
        content = json.loads(answer.body)
        content["content"]["tombstones"] = [{"id": "x", "digests": ["a" * 64], "reason": "consent", "created_at": "now"}]
        answer.body = json.dumps(content).encode()

    with Meddler(site.url, on("/tombstones", bury_everything)) as between, pytest.raises(columna.IntegrityError, match="tombstones"):
        columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(site: Site):
    with Meddler(site.url) as thief:

        def away(answer: Answer) -> None:
            answer.status, answer.headers = 302, {"Location": f"{thief.url}/api/datasets"}

        with Meddler(site.url, on("/blobs/", away)) as between, pytest.raises(columna.IntegrityError, match="no redirects"):
            columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))
        assert not thief.asked


def test_a_passing_illness_is_waited_for(site: Site):
    ill: list[str] = []

    def busy(path: str, answer: Answer) -> Answer:
        if "/blobs/" in path and path not in ill:
            ill.append(path)
            return Answer(503, {}, b"later")
        return answer

    with Meddler(site.url, busy) as between:
        assert columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between)).exit_code == 0


def test_a_file_withdrawn_while_pulling_leaves_the_rest_whole(site: Site):
    def gone(path: str, answer: Answer) -> Answer:
        if "/blobs/" in path and not victims:
            victims.append(path)
        if path in victims:
            return Answer(410, {}, json.dumps({"error": {"code": "gone", "message": "withdrawn", "state": {}}}).encode())
        return answer

    victims: list[str] = []
    with Meddler(site.url, gone) as between:
        report = columna.pull("lumbar@1.0.0", site.home / "data", client=client_of(site, between))
    assert report.exit_code == COMPLETE_EXCEPT_WITHDRAWN
    assert len(report.withdrawn) == 1
    assert not (site.home / "data" / report.withdrawn[0]).exists()


# manifests that a rightful signature would not make safe


def good_manifest() -> dict[str, Any]:
    entry = {"path": "images/a.nii.gz", "sha256": "a" * 64, "size": 3, "media_type": "x", "subject": "S", "series": "2.25.1"}
    return {
        "format": "columna-manifest-1",
        "dataset": "d",
        "version": "1.0.0",
        "kind": "release",
        "parent": None,
        "created": "2026-01-01T00:00:00Z",
        "schema": {},
        "licence": "CC0-1.0",
        "duo": [],
        "card": "b" * 64,
        "exporter": "x",
        "splits": {},
        "subjects": [{"key": "S", "split": "train"}],
        "files": [{**entry, "role": "image", "annotation": None, "access": "all"}],
        "annotations": [],
        "counts": {},
    }


def encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_good_manifest_is_taken():
    assert manifest_parse(encoded(good_manifest())).files[0].split == "train"


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/.", "a\\..\\b", "C:/x", "a/b:c", "con", "a/NUL.txt", "a\x00b", "a\nb",
        "", "a/", "RECEIPT.json", "receipt.JSON/x", ".columna/state.json", "manifest.json", "e\u0301.nii", "a .", "a/b.", "x" * 241, "a/\u007f",
    ],
)  # fmt: skip
def test_a_path_that_leads_out_or_means_something_elsewhere_is_refused(path: str):
    assert not path_is_safe(path)
    content = good_manifest()
    content["files"][0]["path"] = path
    with pytest.raises(columna.IntegrityError, match="not safe"):
        manifest_parse(encoded(content))


def _file(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["files"][0].update(fields)


def _twin(path: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["files"].append({**content["files"][0], "path": path, **fields})


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(extra=1),
        lambda content: content.pop("licence"),
        lambda content: content.update(format="columna-manifest-2"),
        lambda content: content.update(dataset="other"),
        _file(sha256="A" * 64),
        _file(sha256="a" * 63),
        _file(size=-1),
        _file(size=True),
        _file(size="3"),
        _file(size=1 << 60),
        _file(size=1.5),
        _file(subject="nobody"),
        _file(mode="setuid"),
        _twin("IMAGES/A.nii.gz"),
        _twin("images/a.nii.gz/b"),
        _twin("images/b.nii.gz", size=4),
    ],
)
def test_a_manifest_that_is_not_exactly_right_is_refused(change: Callable[[dict[str, Any]], None]):
    content = good_manifest()
    change(content)
    with pytest.raises(columna.IntegrityError, match="refused"):
        manifest_parse(encoded(content), dataset="d", version="1.0.0")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000, encoded(good_manifest()) + b"\n"])
def test_bytes_that_are_no_canonical_manifest_are_refused(data: bytes):
    with pytest.raises(columna.IntegrityError):
        manifest_parse(data)


def test_nothing_is_written_through_a_link(site: Site, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (site.home / "data").mkdir()
    (site.home / "data" / "images").symlink_to(outside)
    client = columna.Client(site.url, site.tokens["researcher"])
    with pytest.raises(columna.IntegrityError, match="link"):
        columna.pull("lumbar@1.0.0", site.home / "data", client=client)
    assert not list(outside.iterdir())


def test_a_link_in_place_of_a_file_is_replaced_not_followed_and_verify_sees_it(site: Site, tmp_path: Path):
    client = columna.Client(site.url, site.tokens["researcher"])
    columna.pull("lumbar@1.0.0", site.home / "data", client=client)
    victim = next((site.home / "data").rglob("labels/**/*.nii.gz"))
    target = tmp_path / "precious"
    shutil.copy(victim, target)
    victim.unlink()
    victim.symlink_to(target)
    assert columna.verify(site.home / "data", client=client).wrong == [victim.relative_to(site.home / "data").as_posix()]
    columna.pull("lumbar@1.0.0", site.home / "data", client=client)
    assert not victim.is_symlink()
    assert columna.verify(site.home / "data", client=client).is_whole


def test_a_dry_run_of_a_lying_server_writes_nothing(site: Site):
    with Meddler(site.url, on("/blobs/", flipped)) as between:
        version = client_of(site, between).version("lumbar@1.0.0")
        assert version_pull(version, site.home / "data", dry_run=True).to_move > 0
    assert not (site.home / "data").exists()
