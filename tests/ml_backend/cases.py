"""Cases of synthetic patients, with the truth beside them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from accounts.models import Project
from annotation.models import Case
from annotation.services.case import case_open
from annotation.services.mask_import import mask_import
from annotation.services.protocol import protocol_create
from ml_backend.models import ModelVersion
from ml_backend.services.model_version import models_sync
from storage.dicom.geometry import Geometry
from storage.models import Stack, Subject
from storage.phantom.image import Scan, mr_study
from storage.phantom.levels import NAMES
from storage.phantom.spine import SpineSpec
from storage.services.blob import blob_put
from tests.storage.stacks import make_stack

SHAPE = (9, 150, 84)
GRID = Geometry((16.0, -80.0, 195.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (4.0, 1.9, 1.9), SHAPE)


def phantom(seed: int) -> Scan:
    """Return a T2 volume of a lumbar spine on :data:`GRID`, with its masks."""
    return mr_study(SpineSpec.draw(seed, variant="normal"), GRID.affine, SHAPE, ("t2",))["t2"]


def make_phantom_case(
    project: Project, *, seed: int = 1, fold: str = "train", modality: str = "MR", labelled: bool = False, geometry: Geometry | None = GRID
) -> Case:
    """Return a case of one stack; ``labelled`` imports the true mask, as a public data set brings it."""
    protocol_create(project=project, actor=None)
    scan = phantom(seed)
    slices = list(scan.pixels.astype(np.int16))
    stack = make_stack(slices, project=project, modality=modality, geometry=geometry, kind="volume" if geometry else "stack")
    Subject.objects.filter(pk=stack.series.study.subject_id).update(fold=fold)
    Stack.objects.filter(pk=stack.pk).update(ready_at=timezone.now())
    stack = Stack.objects.get(pk=stack.pk)
    if labelled:
        import_truth(stack, scan)
    (case,) = case_open(stack=stack)
    return Case.objects.get(pk=case.pk)


def truth_values(scan: Scan) -> NDArray[np.uint8]:
    """Return instances, and the canal (61) where there is none."""
    return np.where(scan.anatomy.instances > 0, scan.anatomy.instances, 61 * (scan.anatomy.canal > 0)).astype(np.uint8)


def import_truth(stack: Stack, scan: Scan) -> None:
    values = truth_values(scan)
    names = {"61": "CANAL"}
    for value in (int(v) for v in np.unique(values) if v not in (0, 61)):
        names[str(value)] = NAMES[value] if value < 100 else f"IVD_{NAMES[value - 100]}"
    buffer = BytesIO()
    np.save(buffer, values)
    blob = blob_put(data=buffer.getvalue(), media_type="application/x-npy")
    mask_import(stack=stack, blob_digest=blob.digest, values=names, instances=False)


def make_model(project: Project, *, state: str = "candidate", name: str = "m-0.1", **fields: object) -> ModelVersion:
    """Return a project's model with the built-in weights."""
    base = models_sync()
    return ModelVersion.objects.create(
        project=project, name=name, state=state, weights_digest=base.weights_digest, config=base.config, parent=base, **fields
    )
