"""``manage.py phantom OUT``: DICOM studies of a synthetic spine, with masks, levels and angles that are known."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Write DICOM studies of synthetic spines to OUT/dicom, and what is true of them to OUT/truth."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="folder to write to")
        parser.add_argument("--seed", type=int, default=1, help="first person; each further one is the next number")
        parser.add_argument("--count", type=int, default=1, help="how many people")
        parser.add_argument("--modalities", nargs="+", choices=["MR", "CT", "DX"], default=["MR", "CT", "DX"], help="what to image")
        parser.add_argument("--scoliosis", type=float, metavar="DEGREES", help="Cobb angle T11 to L4, positive when convex to the left")
        parser.add_argument("--variant", choices=["normal", "L6", "T13", "T11", "sacralised"], help="transitional or supernumerary level")
        parser.add_argument("--implant", action="store_true", help="screws and rods in L4 and L5, and a cage between them")
        parser.add_argument("--fast", action="store_true", help="coarse grids, for tests")

    def handle(self, *args: Any, **options: Any) -> None:
        from storage.phantom.spine import Scoliosis, SpineSpec
        from storage.phantom_dicom.study import Grids
        from storage.phantom_dicom.write import phantom_write

        fixed: dict[str, Any] = {}
        if options["scoliosis"] is not None:
            fixed["curves"] = (Scoliosis("T11", "L4", options["scoliosis"]),)
        if options["variant"]:
            fixed["variant"] = options["variant"]
        if options["implant"]:
            fixed |= {"screws": ("L4", "L5"), "cages": ("L4",)}
        files = 0
        for seed in range(options["seed"], options["seed"] + options["count"]):
            written = phantom_write(
                SpineSpec.draw(seed, **fixed),
                options["out"],
                modalities=options["modalities"],
                grids=Grids.fast() if options["fast"] else Grids(),
                progress=self.stdout.write,
            )
            files += written.files
        self.stdout.write(
            f"{options['count']} phantoms, {files} DICOM files in {options['out'] / 'dicom'}, truth in {options['out'] / 'truth'}."
        )
