"""De-identified studies behind DICOMweb, brought in through the door, and somebody who may look at them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.test import Client
from pydicom.uid import generate_uid

from accounts.models import Project, User
from storage.models import Series, Stack, Study
from storage.services.assembly import series_assemble
from storage.services.frames import stack_render
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_intake
from storage.services.source import source_for
from tests.factories import make_member
from tests.storage.dicoms import MR, slice_of, to_bytes


@dataclass
class Room:
    """A project with a CT of 5 and an MR of 3 slices in one study, its reader, and that reader's browser."""

    project: Project
    reader: User
    client: Client

    @property
    def study(self) -> Study:
        return Study.objects.get(project=self.project)

    def series(self, modality: str = "CT") -> Series:
        return Series.objects.get(project=self.project, modality=modality)

    @property
    def path(self) -> str:
        return f"/dicomweb/studies/{self.study.study_instance_uid}"

    def of(self, modality: str = "CT") -> str:
        return f"{self.path}/series/{self.series(modality).series_instance_uid}"

    def instance(self, modality: str = "CT", index: int = 0) -> str:
        uids = self.series(modality).instances.order_by("layout__number").values_list("sop_instance_uid", flat=True)
        return f"{self.of(modality)}/instances/{uids[index]}"

    def get(self, path: str, accept: str = "", **headers: str) -> Any:
        answer = self.client.get(path, headers={**({"Accept": accept} if accept else {}), **headers})
        answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer


def slices() -> list[bytes]:
    """Return a study: a CT of 5 slices of 16 × 12, whose values are told apart by slice and place, and an MR of 3."""
    rng = np.random.default_rng(4)
    study, ct, mr = (generate_uid(entropy_srcs=["web", name]) for name in ("study", "ct", "mr"))
    made = [
        slice_of(
            study=study,
            series=ct,
            number=number,
            position=(0, 0, -3.0 * number),
            pixels=rng.integers(-900, 2000, (16, 12), np.int16),
            RescaleSlope=1,
            RescaleIntercept=-3,
        )
        for number in (3, 1, 2, 5, 4)
    ]
    made += [slice_of(study=study, series=mr, number=number, position=(0, 0, 4.0 * number), sop_class=MR) for number in (1, 2, 3)]
    return [to_bytes(one) for one in made]


def bring(project: Project, files: Iterable[bytes], *, render: bool = True) -> None:
    """Take files in, assemble them, and make their display frames."""
    source = source_for(project=project, kind="upload")
    batch = batch_open(project=project, source=source)
    for data in files:
        assert instance_intake(source=source, data=data, batch=batch).status == "stored"
    for series in batch_close(batch=batch):
        series_assemble(series=series)
    for stack in Stack.objects.filter(project=project, ready_at=None) if render else ():
        stack_render(stack=stack)


def open_room(files: Iterable[bytes], *, render: bool = True) -> Room:
    reader = make_member("radiologist")
    room = Room(reader.memberships.get().project, reader, Client())
    room.client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    bring(room.project, files, render=render)
    return room
