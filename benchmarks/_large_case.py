"""``python -m benchmarks._large_case``: a CT of 512 × 512 × 300 with a mask of 50 structures, in a fresh data folder. Prints ids as JSON.

The mask is there twice: as a proposal, which the reading room opens with, and as DICOM SEG in the same study, which OHIF can open.

Smooth noise in a body's outline, as scanners make it; the structures are boxes in two columns, as vertebrae and discs lie.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from typing import Any

import numpy as np

SLICES, SIDE, STRUCTURES = 300, 512, 50
SPACING = (1.0, 0.7, 0.7)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from io import StringIO

    from django.core.management import call_command
    from django.test import Client

    from accounts.models import Project, User
    from annotation.models import Structure
    from annotation.services.case import case_open
    from annotation.services.proposal import proposal_create
    from annotation.services.protocol import protocol_create
    from storage.models import Series, Stack, Subject
    from storage.services.frames import stack_render
    from storage.services.series_metadata import series_metadata
    from tests.storage.stacks import grid, make_stack

    call_command("migrate", verbosity=0)
    call_command("demo", people_only=True, stdout=StringIO())
    project = Project.objects.get(slug="lumbar-demo")
    shape = (SLICES, SIDE, SIDE)
    geometry = grid(shape, SPACING)
    stack = make_stack(voxels(), project=project, geometry=geometry, fields=[header(geometry, number) for number in range(SLICES)])
    Subject.objects.filter(pk=stack.series.study.subject_id).update(fold="train")
    Series.objects.filter(pk=stack.series_id).update(
        received=SLICES, assembled=SLICES, description="Spine 1.0", frame_of_reference_uid="2.25.9"
    )
    stack = Stack.objects.select_related("series").get(pk=stack.pk)
    stack_render(stack=stack)
    series_metadata(series=stack.series)
    protocol = protocol_create(project=project, actor=None)
    known = Structure.objects.filter(schema=protocol.schema, layer="instances", code__in=protocol.structures)
    codes = list(known.order_by("value").values_list("code", "value")[:STRUCTURES])
    case = case_open(stack=stack)[0]
    segments = [{"id": value, "layer": "instances", "structure": code} for code, value in codes]
    mask = boxes([value for _, value in codes])
    uncertainty = {"measure": "none", "stacks": {str(stack.pk): {"layers": {}}}}
    proposal_create(
        case=case, model_version=uuid.UUID(int=0xB1), masks={str(stack.pk): {"instances": mask}}, segments=segments, uncertainty=uncertainty
    )
    segmentation_store(stack, mask, codes)
    client = Client()
    client.force_login(User.objects.get(username="reader"), backend="django.contrib.auth.backends.ModelBackend")
    told = {
        "case": str(case.pk),
        "study": stack.series.study.study_instance_uid,
        "session": client.cookies["sessionid"].value,
        "structures": len(codes),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def segmentation_store(stack: Any, mask: np.ndarray, codes: list[tuple[str, int]]) -> None:
    """Put the mask, uint8 [slice, row, column], into the study of its stack as one BINARY segmentation without empty frames."""
    from io import BytesIO

    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
    from highdicom.sr.coding import CodedConcept
    from pydicom import dcmread
    from pydicom.sr.codedict import codes as known

    from storage.models import Instance, Series
    from storage.services.blob import blob_put, blob_read
    from storage.services.series_metadata import series_metadata

    sources = [dcmread(BytesIO(blob_read(digest=each["digest"]))) for each in stack.slices]
    for source in sources:
        source.StudyInstanceUID, source.SeriesInstanceUID = stack.series.study.study_instance_uid, stack.series.series_instance_uid
        source.PatientBirthDate = source.PatientSex = source.StudyTime = source.AccessionNumber = source.StudyID = ""
    algorithm = AlgorithmIdentificationSequence("benchmark", known.DCM.ArtificialIntelligence, "1")
    numbered = np.zeros_like(mask)
    described = []
    for number, (code, value) in enumerate(codes, 1):
        numbered[mask == value] = number
        kind = CodedConcept("51282000", "SCT", "Vertebra")
        described.append(SegmentDescription(number, code, known.SCT.AnatomicalStructure, kind, "AUTOMATIC", algorithm))
    made = Segmentation(
        sources, numbered, SegmentationTypeValues.BINARY, described, "2.25.771", 2, "2.25.772", 1, "Columna", "benchmark", "1", "0"
    )
    out = BytesIO()
    made.save_as(out)
    series = Series.objects.create(
        project=stack.project,
        study=stack.series.study,
        series_instance_uid="2.25.771",
        modality="SEG",
        description="mask",
        received=1,
        assembled=1,
    )
    blob = blob_put(data=out.getvalue(), media_type="application/dicom")
    Instance.objects.create(
        project=stack.project, series=series, sop_instance_uid="2.25.772", sop_class_uid=made.SOPClassUID, blob=blob, number_of_frames=int(made.NumberOfFrames), source_key="seg"
    )  # fmt: skip
    series_metadata(series=series)


def voxels() -> list[np.ndarray]:
    """Return the slices, int16 [row, column]: a round body of soft tissue in air with noise, a bone in the middle."""
    random = np.random.default_rng(0)
    row, column = np.indices((SIDE, SIDE)) - SIDE / 2
    body = np.where(np.hypot(row, column * 0.8) < SIDE * 0.36, 40, -1000) + np.where(np.hypot(row - 60, column) < 45, 500, 0)
    smooth = np.cumsum(random.normal(0, 2, (SIDE, SIDE)), axis=1)
    return [(body + smooth * np.cos(number / 40) + random.normal(0, 12, (SIDE, SIDE))).astype(np.int16) for number in range(SLICES)]


def boxes(ids: list[int]) -> np.ndarray:
    """Return uint8 [slice, row, column]: a box per id, one above the other."""
    mask = np.zeros((SLICES, SIDE, SIDE), np.uint8)
    high = SLICES // len(ids)
    for place, number in enumerate(ids):
        mask[place * high : (place + 1) * high, 270:360, 215:300] = number
    return mask


def header(geometry: Any, number: int) -> dict[str, Any]:
    """Return what a viewer needs of a header beside the pixels."""
    return {
        "Modality": "CT",
        "PatientID": "SP-1",
        "PatientName": "SP-1",
        "StudyDate": "20200101",
        "SeriesDescription": "Spine 1.0",
        "SeriesNumber": 1,
        "InstanceNumber": number + 1,
        "FrameOfReferenceUID": "2.25.9",
        "ImageOrientationPatient": [*geometry.row_direction, *geometry.column_direction],
        "ImagePositionPatient": geometry.to_world([number, 0, 0]).tolist(),
        "PixelSpacing": list(SPACING[1:]),
        "SliceThickness": SPACING[0],
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
        "WindowCenter": 300,
        "WindowWidth": 1500,
    }


if __name__ == "__main__":
    main()
