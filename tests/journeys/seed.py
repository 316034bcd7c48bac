"""Phantom cases with a proposal, for tests that drive a real browser: ``python -m tests.journeys.seed [--clinical] [--cases N]``.

A program of its own, so that it fills the data folder of the server under test (``COLUMNA_DATA_DIR``) as the product would:
through the one door, assembled, rendered, opened as cases. Only the model is replaced: its proposal is the phantom's true mask
with one vertebra grown too fat, so that what a test paints over is known to the voxel. Prints the cases as JSON.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

MODEL = uuid.UUID("00000000-0000-4000-8000-0000000000a1")
DOUBTFUL = "L4"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clinical", action="store_true", help="grids as scanners make them, not the coarse ones of tests")
    options.add_argument("--cases", type=int, default=1, help="how many people")
    options.add_argument("--seed", type=int, default=1, help="the first person")
    options.add_argument("--unsealed", action="store_true", help="pass over people whose fold is sealed: they are read without a proposal")
    options.add_argument("--modalities", nargs="+", default=["MR", "CT"])
    options.add_argument(
        "--real", type=Path, metavar="IMAGE", help="instead of phantoms: a real volume (NIfTI, MR), with the model's own proposal"
    )
    options.add_argument("--variant", help="the phantom's own: L6, T13, T11, sacralised")
    options.add_argument("--scoliosis", type=float, help="Cobb angle T11 to L4 in degrees, positive when convex to the left")
    options.add_argument("--whole", action="store_true", help="a CT of the whole spine, from the skull to the sacrum")
    options.add_argument("--film", nargs=2, type=int, metavar=("ROWS", "COLUMNS"), help="instead of phantoms: a plain film without spacing")
    options.add_argument("--picture", type=Path, help="instead of phantoms: a picture of a film (JPEG), as a film without spacing")
    options.add_argument("--scenes", nargs="+", help="instead of phantoms: studies of tests.journeys.scenes, by name")
    options.add_argument("--made", help="instead of phantoms: series whose every voxel is known, by their name in tests.journeys.made")
    options.add_argument("--from-sacrum", action="store_true", help="let the proposal count from the sacrum as if the variant were normal")
    options.add_argument("--work", nargs="*", metavar="KIND", help="instead: do every job that waits, of these kinds or of all")
    chosen = options.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    if chosen.work is not None:
        from tests.work import work_off

        work_off(kinds=chosen.work)
        return
    if not is_prepared():
        call_command("migrate", verbosity=0)
        call_command("demo", people_only=True, stdout=io.StringIO())
        protocol_ensure()
    if chosen.real:
        sys.stdout.write(json.dumps(real_bring(chosen.real)) + "\n")
        return
    if chosen.scenes:
        from tests.journeys.scenes import SCENES

        sys.stdout.write(json.dumps([{**case, "scene": name} for name in chosen.scenes for case in series_bring(SCENES[name]())]) + "\n")
        return
    if chosen.film or chosen.picture:
        sys.stdout.write(json.dumps(film_bring(chosen.picture, chosen.film)) + "\n")
        return
    if chosen.made:
        from tests.journeys.made import MADE

        sys.stdout.write(json.dumps(series_bring(MADE[chosen.made]())) + "\n")
        return
    made = []
    for number in itertools.islice(people(chosen), chosen.cases):
        made += series_bring(
            _counted_from_sacrum(person_series(number, chosen), chosen) if chosen.from_sacrum else person_series(number, chosen)
        )
    sys.stdout.write(json.dumps(made) + "\n")


def is_prepared() -> bool:
    """Whether an earlier seeding made the tables, the demo's people and their protocol."""
    from django.db import DatabaseError

    from annotation.models import Protocol

    try:
        return Protocol.objects.active().exists()
    except DatabaseError:
        return False


def protocol_ensure() -> None:
    from accounts.models import Project
    from annotation.models import Protocol
    from annotation.services.protocol import protocol_create

    project = Project.objects.get(slug="lumbar-demo")
    if not Protocol.objects.active().filter(project=project).exists():
        protocol_create(project=project, actor=None)


def real_bring(image: Path) -> list[dict[str, Any]]:
    """Import a real volume and let the product do all of its work: frames, case, and the proposal of the model it comes with."""
    from django.core.management import call_command

    from annotation.models import Case
    from tests.work import work_off

    before = set(Case.objects.values_list("pk", flat=True))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / image.name).symlink_to(image.resolve())
        call_command("import_volumes", folder, project="lumbar-demo", modality="MR", stdout=io.StringIO())
    work_off()
    return [
        {
            "id": str(case.pk),
            "sealed": case.is_sealed,
            "modality": "real",
            "proposed": case.proposal_revision_id is not None,
            "stacks": {str(stack.pk): str(stack.pk) for stack in case.stacks.all()},
        }
        for case in Case.objects.exclude(pk__in=before).select_related("subject")
    ]


def people(chosen: argparse.Namespace) -> Iterator[int]:
    """Yield the numbers of people, from the first on."""
    from accounts.models import Project
    from storage.keys import pseudonyms_of
    from storage.phantom_dicom.identity import identity_draw

    folds = pseudonyms_of(Project.objects.get(slug="lumbar-demo").pk)
    for number in itertools.count(chosen.seed):
        if not chosen.unsealed or folds.fold("", identity_draw(number).patient_id) != "sealed":
            yield number


def person_series(seed: int, chosen: argparse.Namespace) -> Iterator[Any]:
    """Return a phantom's series: clinical grids or coarse ones, lumbar or, for CT, the whole spine."""
    from storage.phantom.spine import Scoliosis, SpineSpec
    from storage.phantom_dicom import study
    from storage.phantom_dicom.identity import identity_draw

    fixed: dict[str, Any] = {"variant": chosen.variant} if chosen.variant else {}
    if chosen.scoliosis:
        fixed["curves"] = (Scoliosis("T11", "L4", chosen.scoliosis),)
    grids = study.Grids() if chosen.clinical else study.Grids(mr_slices=9, mr_side=160, ct_slices=60, ct_side=112, parts=1)
    if chosen.whole:
        study.ct_grid = lambda _: study.Geometry((-90.0, -140.0, -110.0), (1, 0, 0), (0, 1, 0), (3.0, 1.8, 1.8), (260, 112, 100))
    return study.study_series(SpineSpec.draw(seed, **fixed), identity_draw(seed), modalities=chosen.modalities, grids=grids)


def _counted_from_sacrum(series: Iterator[Any], chosen: argparse.Namespace) -> Iterator[Any]:
    """Call every level by what a normal spine has so many above the sacrum; what would lie above C1 is not drawn."""
    import numpy as np

    from storage.phantom.levels import VALUES, disc_value, levels_of

    true, normal = levels_of(chosen.variant or "normal"), levels_of("normal")
    called = np.arange(256, dtype=np.uint8)
    for above, name in enumerate(reversed(true)):
        other = normal[-1 - above] if above < len(normal) else None
        called[VALUES[name]] = VALUES[other] if other else 0
        if disc_value(name):
            called[disc_value(name)] = disc_value(other) if other else 0
    for item in series:
        if "instances" in item.layers:
            item.layers["instances"] = called[item.layers["instances"]]
        yield item


def film_bring(picture: Path | None, size: tuple[int, int] | None) -> list[dict[str, Any]]:
    """Bring one frontal film without any spacing: a picture, or a grey wedge of this many rows and columns."""
    import numpy as np
    from PIL import Image

    from storage.dicom.synthesis import ImageSeries, stable_uid
    from storage.phantom_dicom.identity import identity_draw, identity_header
    from storage.phantom_dicom.study import PhantomSeries

    rows, columns = size or (1, 1)
    pixels = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.uint16) % 3000
    if picture:
        pixels = np.asarray(Image.open(picture).convert("L"), np.uint16) * 16
    name = str(picture or pixels.shape)
    uid = stable_uid("film", name)
    header = identity_header(identity_draw(900), study_uid=uid, time="101500.000") | {
        "PatientOrientation": ["L", "F"], "ViewPosition": "AP", "SeriesDescription": "Spine AP", "StudyDescription": "XR Spine",
        "BodyPartExamined": "TLSPINE", "SeriesNumber": 1, "ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "COLUMNA PHANTOM",
    }  # fmt: skip
    series = ImageSeries(pixels=pixels[None], modality="CR", study_uid=uid, series_uid=stable_uid(uid, "ap"), bits_stored=12, header=header)
    return series_bring(iter([PhantomSeries("film", series, {})]))


def series_bring(series: Iterator[Any]) -> list[dict[str, Any]]:
    """Bring series through the door and return their cases: {"id", "modality", "stacks": {series name: stack id}}."""
    from accounts.models import Project
    from annotation.models import Case
    from jobs.models import Event
    from storage.dicom.synthesis import dataset_bytes, series_datasets
    from storage.models import Series, Source, Stack
    from storage.services.assembly import series_assemble
    from storage.services.frames import stack_render
    from storage.services.import_batch import batch_close, batch_open
    from storage.services.intake import instance_intake
    from storage.services.region import region_make
    from storage.services.source import source_create

    project = Project.objects.get(slug="lumbar-demo")
    source = Source.objects.filter(project=project, name="journeys").first() or source_create(
        project=project, user=None, name="journeys", kind="folder"
    )
    truth: dict[str, dict[str, Any]] = {}
    known = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    for item in series:
        batch = batch_open(project=project, source=source)
        for number, dataset in enumerate(getattr(item, "datasets", None) or series_datasets(item.series), 1):
            outcome = instance_intake(source=source, data=dataset_bytes(dataset), batch=batch, ordinal=number)
            if outcome.status not in ("stored", "duplicate"):
                raise SystemExit(f"{item.name} {number}: {outcome.status} {outcome.code}")
        batch_close(batch=batch)
        for series in Series.objects.filter(instances__batch=batch).distinct():
            for stack in series_assemble(series=series) or Stack.objects.current().filter(series=series):
                stack_render(stack=stack)
                region_make(stack=stack)
                truth[str(stack.pk)] = {"name": item.name, "layers": item.layers if item.series.geometry is not None else {}}
    events_settle(known)
    found = Case.objects.filter(stacks__in=[uuid.UUID(stack) for stack in truth]).distinct()
    return [_propose(case, truth) for case in found]


def events_settle(known: int) -> None:
    """Open the cases that the new stacks make; the jobs of the events since ``known``, the model's among them, are never made."""
    from django.utils import timezone

    from annotation.services.case import case_open_for
    from jobs.models import Event
    from storage.models import Stack

    for stack in Stack.objects.current().exclude(ready_at=None):
        case_open_for(stack_id=str(stack.pk))
    Event.objects.filter(pk__gt=known, dispatched_at=None).update(dispatched_at=timezone.now())


def _propose(case: Any, truth: dict[str, dict[str, Any]]) -> dict[str, Any]:
    import numpy as np
    from scipy import ndimage

    from annotation.services.proposal import proposal_create

    names = {entry.value: (entry.code, entry.layer) for entry in case.protocol.schema.structures.all()}
    allowed = set(case.protocol.structures)
    masks: dict[str, dict[str, Any]] = {}
    segments: dict[tuple[str, int], dict[str, Any]] = {}
    sureness: dict[str, Any] = {}
    for stack in case.stacks.all():
        layers = truth.get(str(stack.pk), {}).get("layers", {})
        for layer, values in layers.items():
            mask = np.where(np.isin(values, [value for value, (code, _) in names.items() if code in allowed]), values, 0).astype(np.uint8)
            for value in np.unique(mask[mask > 0]).tolist():
                code, in_layer = names[value]
                if in_layer == layer:
                    segments[layer, value] = {"id": value, "layer": layer, "structure": code}
                    if code == DOUBTFUL:
                        fat = ndimage.binary_dilation(mask == value, iterations=2)
                        mask[fat & (mask == 0)] = value
                else:
                    mask[mask == value] = 0
            if mask.any():
                masks.setdefault(str(stack.pk), {})[layer] = mask
        if str(stack.pk) in masks:
            sureness[str(stack.pk)] = _sureness(stack, masks[str(stack.pk)], segments)
    if masks and not case.is_sealed:
        proposal_create(
            case=case,
            model_version=MODEL,
            masks=masks,
            segments=[segments[key] for key in sorted(segments)],
            uncertainty={"measure": "mean predictive entropy, 0 sure to 1 guessing", "stacks": sureness},
            grades=[
                {"form": "rsna_canal", "structure": DOUBTFUL, "part": "/disc", "value": "moderate"},
                {"form": "pfirrmann", "structure": DOUBTFUL, "part": "/disc", "value": "4"},
            ],
        )
    return {
        "id": str(case.pk),
        "sealed": case.is_sealed,
        "modality": case.stacks.first().series.modality,
        "stacks": {truth[str(stack.pk)]["name"]: str(stack.pk) for stack in case.stacks.all() if str(stack.pk) in truth},
    }


def _sureness(stack: Any, layers: dict[str, Any], segments: dict[tuple[str, int], dict[str, Any]]) -> dict[str, Any]:
    """Return what the model's proposals say, with one structure doubtful: mean entropy per id, and per slice where it occurs."""
    from annotation.services.slices import slice_keys

    keys = slice_keys(stack)
    told: dict[str, dict[str, Any]] = {}
    for layer, mask in layers.items():
        for (in_layer, number), entry in segments.items():
            if in_layer != layer:
                continue
            mean = 0.42 if entry["structure"] == DOUBTFUL else 0.06
            size = (mask == number).reshape(len(mask), -1).sum(axis=1)
            if not size.any():
                continue
            slices = {
                key: round(mean * (0.6 + 0.6 * float(count) / float(size.max())), 3) for key, count in zip(keys, size, strict=True) if count
            }
            told.setdefault(layer, {})[str(number)] = {"mean": mean, "level": "doubtful" if mean > 0.25 else "sure", "slices": slices}
    return {"layers": told, "numbering": {"sure": False, "reason": "counted from the sacrum"}}


if __name__ == "__main__":
    main()
