"""Phantoms for the demo: made in memory and passed through the one door, as if a hospital had sent them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from storage.dicom.synthesis import dataset_bytes, series_datasets
from storage.keys import pseudonyms_of
from storage.models import ImportBatch, Source
from storage.phantom.spine import Scoliosis, SpineSpec
from storage.phantom_dicom.identity import add_private, identity_draw, patient_id
from storage.phantom_dicom.study import Grids, Modality, study_series
from storage.services.intake import instance_prepare
from storage.services.intake_commit import instances_commit

if TYPE_CHECKING:
    from accounts.models import Project

_AT_ONCE = 32


def phantom_seeds(*, project: Project, count: int) -> list[int]:
    """Return the first seeds whose patients are not sealed in this project's site: readers of a demo should see proposals."""
    fold = pseudonyms_of(project.pk).fold
    found: list[int] = []
    seed = 1
    while len(found) < count:
        if fold("", patient_id(seed)) != "sealed":
            found.append(seed)
        seed += 1
    return found


def phantom_import(
    *,
    source: Source,
    batch: ImportBatch,
    seed: int,
    modalities: Sequence[Modality],
    scoliosis: float | None = None,
    fast: bool = False,
    progress: Callable[[float, str], None] | None = None,
) -> int:
    """Make one phantom's studies, take them in and return how many instances there were. The same seed again changes nothing."""
    curves = {} if scoliosis is None else {"curves": (Scoliosis("T11", "L4", scoliosis),)}
    spec, who = SpineSpec.draw(seed, **curves), identity_draw(seed)
    count = 0
    for item in study_series(spec, who, modalities=modalities, grids=Grids.fast() if fast else Grids()):
        waiting = []
        for dataset in series_datasets(item.series):
            add_private(dataset, who)
            waiting.append(instance_prepare(source=source, data=dataset_bytes(dataset)))
            count += 1
            if len(waiting) >= _AT_ONCE:
                instances_commit(source=source, batch=batch, prepared=waiting)
                waiting = []
        if waiting:
            instances_commit(source=source, batch=batch, prepared=waiting)
        if progress:
            progress(0.0, f"{count} images")
    return count
