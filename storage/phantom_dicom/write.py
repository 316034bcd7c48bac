"""Writing phantom studies to a folder: ``dicom/`` as a hospital would send it, ``truth/`` with masks, levels and angles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.dicom.nifti import nifti_bytes
from storage.dicom.synthesis import dataset_bytes, series_datasets
from storage.phantom.spine import SpineSpec
from storage.phantom.truth import Truth, truth_of
from storage.phantom_dicom.identity import add_private, identity_draw
from storage.phantom_dicom.study import Grids, Modality, PhantomSeries, study_series


@dataclass(frozen=True)
class Written:
    """Where one phantom lies, and how many DICOM files it has."""

    dicom: Path
    truth: Path
    files: int


def phantom_write(
    spec: SpineSpec,
    folder: Path,
    *,
    modalities: Sequence[Modality] = ("MR", "CT", "DX"),
    grids: Grids | None = None,
    progress: Callable[[str], None] | None = None,
) -> Written:
    """Write the studies of one phantom below ``folder`` and return where. The same spec writes the same bytes."""
    who = identity_draw(spec.seed)
    name = f"phantom-{spec.seed:04d}"
    dicom, truth = folder / "dicom" / name, folder / "truth" / name
    truth.mkdir(parents=True, exist_ok=True)
    known, files = truth_of(spec), 0
    plates: dict[str, Any] = {}
    for item in study_series(spec, who, modalities=modalities, grids=grids):
        place = dicom / item.name
        place.mkdir(parents=True, exist_ok=True)
        for number, dataset in enumerate(series_datasets(item.series), 1):
            add_private(dataset, who)
            (place / f"IM{number:04d}.dcm").write_bytes(dataset_bytes(dataset))
            files += 1
        _write_masks(item, truth)
        if item.radiograph is not None:
            plates[item.name] = {"spacing": item.radiograph.spacing, "endplates": item.radiograph.endplates}
        if progress:
            progress(f"{name} {item.name}: {len(item.series.pixels)} images")
    _write_json(truth / "levels.json", _levels(known, spec))
    _write_json(truth / "angles.json", _angles(known, plates))
    return Written(dicom, truth, files)


def _write_masks(item: PhantomSeries, folder: Path) -> None:
    if item.series.geometry is None:
        return
    for layer, mask in item.layers.items():
        if mask.any():
            (folder / f"{item.name}_{layer}.nii.gz").write_bytes(nifti_bytes(mask, item.series.geometry))


def _levels(known: Truth, spec: SpineSpec) -> dict[str, Any]:
    return {
        "seed": spec.seed,
        "variant": known.variant,
        "levels": list(known.levels),
        "centroids": known.centroids,
        "endplates": known.endplates,
        "frame": "mm, patient LPS",
    }


def _angles(known: Truth, plates: dict[str, Any]) -> dict[str, Any]:
    full = known.to_json()
    angles = {key: full[key] for key in ("lordosis", "kyphosis", "sacral_slope", "curves", "largest")}
    return {**angles, "unit": "degrees", "radiographs": plates, "radiograph_frame": "endplate points are (row, column) in pixels"}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
