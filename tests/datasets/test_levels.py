"""What a version says of the numbering: the variant, what it was counted from, and where the reader was unsure."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any

import nibabel
import numpy as np
import pytest

from accounts.models import Project
from annotation.services.annotation import annotation_submit
from datasets.formats.levels import levels_bytes
from datasets.models import Version
from datasets.services.dataset import dataset_create
from datasets.services.version import version_build, version_request
from storage.services.blob import blob_read
from tests.annotation.cases import Writer, make_writer
from tests.factories import make_member, make_project

VARIANTS: dict[str, dict[str, Any]] = {
    "T11": {"thoracic": 11},
    "T13": {"thoracic": 13},
    "L4": {"lumbar": 4},
    "L6": {"lumbar": 6},
    "sacralised": {"transition": "sacralised", "castellvi": "IIIa"},
    "L6+lumbarised": {"lumbar": 6, "transition": "lumbarised", "castellvi": "IIb"},
}
LOWEST = {"T11": "T11", "T13": "T13", "L4": "L4", "L6": "L6", "sacralised": "L5", "L6+lumbarised": "L6"}
"""A level of each variant, and its integer in the label files."""
VALUES = {"T11": 18, "T13": 28, "L4": 23, "L5": 24, "L6": 25}


def numbered(project: Project, name: str, *, fold: str = "train") -> Writer:
    """Return a submitted reading of one body in a spine of a variant."""
    writer = make_writer(project=project, fold=fold)
    body = {"id": "b1", "name": LOWEST[name], "segment": 1, "point": [1.5, -2.0, 30.25], "unsure": name == "T13"}
    evidence = {"counted_from": "unsure" if name == "L4" else "C2"}
    ladder = {"bodies": [body], "variant": VARIANTS[name], "evidence": evidence, "unsure": name == "L4"}
    writer.send({"id": str(uuid.uuid4()), "kind": "ladder", "action": "set", "ladder": ladder})
    writer.send(writer.stroke({2: writer.block(2, 1, slice(1, 9), slice(2, 12))}))
    writer.annotation.refresh_from_db()
    annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=writer.annotation.seq)
    return writer


def frozen(project: Project) -> Version:
    manager = make_member("data_manager", project)
    texts = {"name": "Lumbar MR", "licence": "CC-BY-4.0", "tier": "controlled", "description": "Phantoms."}
    dataset = dataset_create(project=project, slug="levels", duo=[], user=manager, **texts)
    return version_build(version=version_request(dataset=dataset, kind="release", user=manager))


def files_of(version: Version, writer: Writer, role: str) -> list[dict[str, Any]]:
    manifest = json.loads(blob_read(digest=version.manifest_digest))
    return [file for file in manifest["files"] if file["role"] == role and file["subject"] == writer.case.subject.pseudonym]


@pytest.mark.django_db
def test_every_variant_is_exported_with_its_castellvi_type_what_it_was_counted_from_and_the_doubt():
    project = make_project()
    writers = {name: numbered(project, name) for name in VARIANTS}
    version = frozen(project)
    for name, writer in writers.items():
        (file,) = files_of(version, writer, "levels")
        told = json.loads(blob_read(digest=file["sha256"]))
        normal = {"thoracic": 12, "lumbar": 5, "transition": None, "castellvi": None}
        assert told["variant"] == {"name": name, **normal, **VARIANTS[name]}
        assert told["counted_from"] == ("unsure" if name == "L4" else "C2")
        assert told["unsure"] == (name == "L4")
        lowest = {"name": LOWEST[name], "value": VALUES[LOWEST[name]], "unsure": name == "T13", "point": [1.5, -2.0, 30.25]}
        assert told["levels"] == [lowest]
        (label,) = files_of(version, writer, "label")
        mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(blob_read(digest=label["sha256"])))
        assert set(np.unique(np.asarray(mask.dataobj))) == {0, VALUES[LOWEST[name]]}, "the mask calls it the same"


@pytest.mark.django_db
def test_the_numbering_of_a_sealed_patient_is_withheld_with_the_labels():
    project = make_project()
    writer = numbered(project, "L6", fold="sealed")
    version = frozen(project)
    assert {file["access"] for role in ("levels", "label") for file in files_of(version, writer, role)} == {"managers"}
    assert version.files.get(role="levels").managers_only


def test_nobody_numbered_anything_is_no_file():
    assert levels_bytes({}, {}) is None
    assert levels_bytes({"bodies": []}, {}) is None
