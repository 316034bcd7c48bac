"""dciodvfy finds no error in what comes out that it did not find in what went in."""

import re
import shutil
import subprocess

import pydicom.data
import pytest

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from tests.storage.corpus import patient

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
SAMPLES = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "rtplan.dcm",
    "rtdose.dcm",
    "reportsi.dcm",
    "test-SR.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
)
pytestmark = pytest.mark.once


def errors(path) -> set[str]:
    """Return the kinds of error, without the values that de-identification changes."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace")
    found = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
    return {re.sub(r"<?[0-9]+(?:\.[0-9]+){4,}>?|- but have.*|but have.*", "", line) for line in found}


@pytest.fixture
def verify(tmp_path):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed; on Debian: apt-get install dicom3tools")

    def run(data: bytes) -> set[str]:
        before, after = tmp_path / "before.dcm", tmp_path / "after.dcm"
        before.write_bytes(data)
        after.write_bytes(pass_door(data, profile=Profile(), pseudonyms=KEYS).data)
        return errors(after) - errors(before)

    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_pydicom_have_no_new_error(verify, name):
    path = pydicom.data.get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"pydicom does not ship {name}")
    with open(path, "rb") as handle:  # noqa: PTH123  pydicom gives a string
        assert verify(handle.read()) == set()


@pytest.mark.parametrize("kind", ["CT", "MR", "SEG", "SR", "RTSTRUCT", "PR", "EMR"])
def test_the_corpus_has_no_new_error(verify, kind):
    data = next(data for found, data, _ in patient(11).objects if found == kind)
    assert verify(data) == set()
