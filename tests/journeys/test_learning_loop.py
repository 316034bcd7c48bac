"""The loop, through the product: true masks of four patients drawn over the API, retraining, and the figure on sealed patients.

Every file comes in by the import endpoint and every voxel by the annotation endpoint; nothing is written around them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.dicom.pseudonym import Pseudonyms
from storage.keys import DEMO_SITE_KEY
from tests.journeys.true_masks import on_stack, structures
from tests.journeys.whole import PROJECT, person, settled, whole_columna
from tests.reader import Reader
from tests.servers.installation import ROOT, Installation, until

pytestmark = [pytest.mark.slow, pytest.mark.journey]

TAUGHT = 4
MAPPING: dict[str, Any] = {
    "modality": "MR",
    "image": r"(?P<subject>sub-\d+)_T2w\.nii\.gz$",
    "mask": r"(?P<subject>sub-\d+)_seg\.nii\.gz$",
    "values": {"1": "vertebra", "2": "disc", "3": "canal"},
    "instances": True,
}


@pytest.fixture
def columna() -> Iterator[Installation]:
    with whole_columna("loop") as installation:
        yield installation


def folds(folder: Path) -> dict[str, list[str]]:
    key = Pseudonyms(project_key=DEMO_SITE_KEY, site_key=DEMO_SITE_KEY)
    found: dict[str, list[str]] = {"train": [], "validation": [], "sealed": []}
    for image in sorted(folder.glob("sub-*_T2w.nii.gz")):
        subject = image.name.split("_")[0]
        found[key.fold("", subject)].append(subject)
    return found


def send(manager: Reader, files: list[Path], mapping: dict[str, Any]) -> dict[str, Any]:
    """Import files over HTTP and return the batch when it is over."""
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in (("project", PROJECT), ("kind", "nifti"), ("mapping", json.dumps(mapping))):
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for file in files:
        head = f'Content-Disposition: form-data; name="files"; filename="{file.name}"\r\nContent-Type: application/gzip'
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + file.read_bytes() + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    answer = manager.bytes(
        "/api/imports", method="POST", data=body, media_type=f"multipart/form-data; boundary={boundary}", accept="application/json"
    )
    batch = json.loads(answer)["id"]

    def over() -> dict[str, Any] | None:
        found: dict[str, Any] = manager.get(f"/api/imports/{batch}")
        return found if found["state"] not in ("open", "running", "receiving", "queued") else None

    done: dict[str, Any] = until(over, seconds=240, what="the end of the import")
    return done


def cases(person: Reader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get(f"/api/cases?project={PROJECT}&limit=500")["results"]
    return found


def test_four_drawn_patients_lift_the_sealed_dice_to_085(columna: Installation, test_data: Path) -> None:
    folder = test_data / "mr_spider_t2space"
    fold = folds(folder)
    assert len(fold["sealed"]) >= 8
    manager, reader = person(columna, "manager"), person(columna, "reader")

    # The sealed patients come with their published masks: the yardstick. Those to be read come as images alone.
    files = [folder / f"{subject}_{part}.nii.gz" for subject in fold["sealed"] for part in ("T2w", "seg")]
    assert send(manager, files, MAPPING)["refused"] == 0
    until(lambda: settled(manager), seconds=300, what="the cases of the sealed patients")
    image_only = {name: value for name, value in MAPPING.items() if name in ("modality", "image")}
    for subject in fold["train"][:TAUGHT]:
        before = {case["id"] for case in cases(reader)}
        send(manager, [folder / f"{subject}_T2w.nii.gz"], image_only)
        until(lambda: settled(manager), seconds=180, what="the proposal")
        (case,) = [case for case in cases(reader) if case["id"] not in before]
        draw(reader, case["id"], folder / f"{subject}_seg.nii.gz")
    until(lambda: settled(manager), seconds=300, what="the end of all imports and proposals")

    run = manager.post("/api/training-runs", {"project": PROJECT})
    done = until(lambda: over(manager, run["id"]), seconds=1800, what="the end of the training")
    assert done["state"] == "succeeded", done["error"]
    sealed = done["report"]["sealed"]
    after, before_ = sealed["after"], sealed["before"]
    assert len(after["patients"]) >= 8
    three = ("vertebra", "disc", "canal")
    mean = {name: sum(part["structures"][s] for s in three) / 3 for name, part in (("before", before_), ("after", after))}
    artifacts = ROOT / "tests" / "artifacts"
    artifacts.mkdir(exist_ok=True)
    (artifacts / "learning-loop.json").write_text(json.dumps({"sealed_dice": mean, "report": done["report"]}, indent=1))
    assert mean["after"] > mean["before"]
    assert mean["after"] >= 0.85


def draw(reader: Reader, case: str, mask_file: Path) -> None:
    """Open the case, draw the true structures stroke by stroke, submit, and look whether the server holds exactly them."""
    reading = reader.open(case)
    stack = reading.case["stacks"][0]["id"]
    manifest = reader.get(f"/api/stacks/{stack}/manifest")
    truth = structures(on_stack(mask_file, manifest))
    assert len(truth) >= 8
    assert reading.draw(stack, truth) > 50
    reading.flush()
    for layer in ("instances", "canal"):
        mine, theirs = reading.mask(stack, layer), reading.mask(stack, layer, fresh=True)
        assert hashlib.sha256(mine.tobytes()).digest() == hashlib.sha256(theirs.tobytes()).digest()
    drop_what_is_left_over(reading, set(truth))
    reading.submit()


def drop_what_is_left_over(reading: Any, drawn: set[str]) -> None:
    """Remove the proposal's structures that were painted over, and confirm the rest as this reader's own."""
    empty = [entry for entry in reading.segments if entry["structure"] not in drawn]
    mine = [{**entry, "status": "edited"} for entry in reading.segments if entry["structure"] in drawn]
    op = {"id": str(uuid.uuid4()), "kind": "segments", "set": mine, "remove": [{"layer": e["layer"], "id": e["id"]} for e in empty]}
    reading.queue.append((op, []))


def over(manager: Reader, run: str) -> dict[str, Any] | None:
    found: dict[str, Any] = manager.get(f"/api/training-runs/{run}")
    return found if found["state"] in ("succeeded", "failed", "cancelled") else None
