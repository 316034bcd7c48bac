"""Cases with readings, for tests of what is frozen of them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from django.utils import timezone

from accounts.models import Project, User
from annotation.models import Case
from annotation.services.case import case_open
from annotation.services.mask_import import mask_import
from annotation.services.protocol import protocol_create
from datasets.models import Dataset, Version
from datasets.services.dataset import dataset_create
from datasets.services.version import version_approve, version_build, version_request
from storage.models import Stack, Subject
from storage.services.blob import blob_put
from tests.factories import make_member, make_project
from tests.storage.stacks import grid, make_stack

SHAPE = (4, 24, 20)
L5, DISC = 24, 124
"""spine-core values of the two structures that :func:`make_case` marks."""


def voxels(seed: int = 1, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Return int16 [slice, row, column]."""
    return np.random.default_rng(seed).integers(-500, 1500, shape, dtype=np.int16)


def labels(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Return uint8 [slice, row, column]: 1 for a vertebra, 2 for the disc below it."""
    mask = np.zeros(shape, dtype=np.uint8)
    mask[1:3, 4:12, 5 : 12 + seed % 8] = 1
    mask[1:3, 13:16, 5:15] = 2
    return mask


def make_case(
    project: Project,
    *,
    fold: str = "train",
    seed: int = 1,
    labelled: bool = True,
    state: str = "submitted",
    shape: tuple[int, int, int] = SHAPE,
) -> Case:
    """Return a case of one small CT volume of a new patient, with an imported reading of an L5 and the disc below it."""
    protocol_create(project=project, actor=None)
    stack = make_stack(list(voxels(seed, shape)), project=project, geometry=grid(shape))
    Subject.objects.filter(pk=stack.series.study.subject_id).update(fold=fold)
    Stack.objects.filter(pk=stack.pk).update(ready_at=timezone.now())
    (case,) = case_open(stack=stack)
    if labelled:
        buffer = BytesIO()
        np.save(buffer, labels(seed, shape))
        blob = blob_put(data=buffer.getvalue(), media_type="application/x-npy")
        mask_import(stack=stack, blob_digest=blob.digest, values={"1": "L5", "2": "IVD_L5"}, instances=False)
        Case.objects.filter(pk=case.pk).update(state=state)
    return Case.objects.get(pk=case.pk)


def make_dataset(project: Project | None = None, *, cases: int = 2, slug: str = "lumbar", **fields: str) -> tuple[Dataset, User]:
    """Return a dataset of a project with that many train cases, and its data manager."""
    project = project or make_project()
    manager = make_member("data_manager", project)
    for number in range(cases):
        make_case(project, seed=number)
    texts = {"name": "Lumbar CT", "licence": "CC-BY-4.0", "tier": "controlled", "description": "Phantoms.", **fields}
    return dataset_create(project=project, slug=slug, duo=["DUO:0000042"], user=manager, **texts), manager


def make_frozen(dataset: Dataset, manager: User) -> Version:
    return version_build(version=version_request(dataset=dataset, kind="release", user=manager))


def make_release(dataset: Dataset, manager: User) -> Version:
    """Return a released version, approved by a second person."""
    return version_approve(version=make_frozen(dataset, manager), user=make_member("board_chair", dataset.project))
