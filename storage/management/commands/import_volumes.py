"""``manage.py import_volumes FOLDER --project SLUG``: NIfTI volumes or pictures, with their masks, from a folder of this machine."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Project
from config.celery import enqueue
from config.errors import ColumnaError
from storage.models import ImportFinding
from storage.services.import_batch import batch_close, batch_open
from storage.services.source import source_for
from storage.services.volume_import import volumes_import
from storage.services.volume_mapping import MODALITIES, PRESETS, VolumeFile, mapping_read


class Command(BaseCommand):
    help = "Take in NIfTI volumes or picture stacks with their masks. Doing it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the files are; paths below it are what the expressions see")
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument("--kind", choices=["nifti", "png"], default="nifti", help="NIfTI volumes, or PNG, JPEG, BMP and TIFF pictures")
        parser.add_argument("--modality", required=True, choices=MODALITIES, help="what was imaged")
        parser.add_argument("--pattern", help="expression for images, with a group (?P<subject>…); left out: BIDS names")
        parser.add_argument("--mask-pattern", help="expression for masks, with a group (?P<subject>…)")
        parser.add_argument("--values", help=f"what the mask's values mean: JSON, or one of {', '.join(PRESETS)}")
        parser.add_argument("--instances", action="store_true", help="the values are classes whose single ones are to be told apart")
        parser.add_argument("--spacing", type=float, nargs=3, metavar=("SLICES", "ROWS", "COLUMNS"), help="mm, for pictures")
        parser.add_argument("--plane", choices=["sagittal", "coronal", "axial"], help="how to cut; left out: as acquired")
        parser.add_argument("--issuer", default="", help="name of the data set, so that equal subject names stay different patients")
        parser.add_argument("--body-part", default="SPINE", help="for the headers")
        parser.add_argument("--description", default="", help="for the headers")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project '{options['project']}'.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        try:
            mapping = mapping_read(_content(options), kind=options["kind"])
        except ColumnaError as error:
            raise CommandError(error.message) from None
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = [VolumeFile(str(path.relative_to(folder)), path.read_bytes) for path in paths]
        source = source_for(project=project, kind="folder")
        batch = batch_open(project=project, source=source, kind=options["kind"])
        done = volumes_import(source=source, batch=batch, mapping=mapping, files=files, progress=lambda _, note: self.stdout.write(note))
        batch_close(batch=batch)
        for stack in done.waiting:
            enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=project, dedupe_key=f"frames:{stack.pk}")
        self.stdout.write(f"{done.volumes} images, {done.masks} masks taken in, {done.faults} faults.")
        for finding in ImportFinding.objects.filter(batch=batch):
            self.stdout.write(f"  {finding.code} × {finding.count}: {finding.message}")


def _content(options: dict[str, Any]) -> dict[str, Any]:
    values = options["values"]
    if values and values not in PRESETS:
        try:
            values = json.loads(values)
        except ValueError:
            raise CommandError(f"--values is neither JSON nor one of {', '.join(PRESETS)}.") from None
    content = {
        "modality": options["modality"],
        "image": options["pattern"],
        "mask": options["mask_pattern"],
        "values": values,
        "instances": options["instances"],
        "spacing": options["spacing"],
        "plane": options["plane"],
        "issuer": options["issuer"],
        "body_part": options["body_part"],
        "description": options["description"],
    }
    return {name: value for name, value in content.items() if value is not None}
