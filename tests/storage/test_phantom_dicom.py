"""Phantoms are valid DICOM, the same every time, with truth on the grid of their images."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from django.core.management import call_command
from pydicom import dcmread

from storage.dicom.nifti import nifti_array, orient
from storage.phantom.spine import SpineSpec
from storage.phantom_dicom.identity import identity_draw
from storage.phantom_dicom.study import Grids
from storage.phantom_dicom.write import phantom_write


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantom")
    phantom_write(SpineSpec.draw(3, screws=("L4", "L5")), folder, grids=Grids.fast())
    return folder


def read(folder: Path, series: str) -> list:
    return [dcmread(path) for path in sorted((folder / "dicom" / "phantom-0003" / series).iterdir())]


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*") if path.is_file()}


def test_the_same_seed_writes_the_same_bytes(written, tmp_path):
    phantom_write(SpineSpec.draw(3, screws=("L4", "L5")), tmp_path, grids=Grids.fast())
    assert digests(tmp_path) == digests(written)


@pytest.mark.parametrize("series", ["MR-t1", "MR-t2", "MR-stir", "CT-axial", "DX-ap", "DX-lateral"])
def test_dciodvfy_finds_no_error(written, series):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed; on Debian: apt-get install dicom3tools")
    path = sorted((written / "dicom" / "phantom-0003" / series).iterdir())[0]
    said = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


def test_a_study_shares_its_frame_of_reference(written):
    frames = {dataset.FrameOfReferenceUID for series in ("MR-t1", "MR-t2", "MR-stir") for dataset in read(written, series)}
    studies = {dataset.StudyInstanceUID for series in ("MR-t1", "MR-t2", "MR-stir") for dataset in read(written, series)}
    assert len(frames) == len(studies) == 1


def test_masks_lie_on_the_grid_of_their_images(written):
    slices = sorted(read(written, "MR-t2"), key=lambda dataset: dataset.InstanceNumber)
    image = nib.load(written / "truth" / "phantom-0003" / "MR-t2_instances.nii.gz")
    turn, geometry = orient(image.affine, image.shape, "sagittal")
    mask = turn.apply(nifti_array(image))
    assert mask.shape == (len(slices), slices[0].Rows, slices[0].Columns)
    for index, dataset in enumerate(slices):
        assert np.abs(geometry.to_world([index, 0, 0]) - np.array(dataset.ImagePositionPatient, float)).max() < 1e-3
    assert {20, 21, 22, 23, 24, 26} <= set(np.unique(mask))


def test_the_truth_names_levels_and_angles(written):
    folder = written / "truth" / "phantom-0003"
    levels = json.loads((folder / "levels.json").read_text())
    angles = json.loads((folder / "angles.json").read_text())
    assert levels["levels"][-2:] == ["L5", "SAC"] or levels["variant"] != "normal"
    assert 5 < angles["lordosis"] < 100
    assert set(angles["radiographs"]) == {"DX-ap", "DX-lateral"}
    mask = nifti_array(nib.load(folder / "MR-t2_implants.nii.gz"))
    assert mask.any()


def test_every_header_holds_the_invented_patient(written):
    who = identity_draw(3)
    data = (written / "dicom" / "phantom-0003" / "CT-axial" / "IM0001.dcm").read_bytes()
    assert all(text.encode() in data for text in who.canaries())


def test_ct_holds_hounsfield_units(written):
    dataset = read(written, "CT-axial")[20]
    values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    assert values.min() < -900
    assert values.max() > 400


def test_the_command_takes_its_options(tmp_path):
    options = {"count": 2, "seed": 7, "modalities": ["DX"], "fast": True, "scoliosis": 30.0, "variant": "L6", "implant": True}
    call_command("phantom", str(tmp_path), **options)
    assert sorted(path.name for path in (tmp_path / "dicom").iterdir()) == ["phantom-0007", "phantom-0008"]
    truth = tmp_path / "truth" / "phantom-0007"
    assert "L6" in json.loads((truth / "levels.json").read_text())["levels"]
    assert json.loads((truth / "angles.json").read_text())["curves"][0]["cobb"] == pytest.approx(30, abs=3)
