"""What Weasis asks for when it is started with ``$dicom:rs``, request for request, and the same by a Slicer import."""

from io import BytesIO
from urllib.parse import urlsplit

import pytest
from PIL import Image
from pydicom import dcmread

from tests.storage.dicomweb import open_room, slices
from tests.storage.test_dicomweb import JSON, parts_of

pytestmark = pytest.mark.django_db

STUDY = "includefield=00080020,00080030,00080050,00080061,00080090,00081030,00100010,00100020,00100021,00100030,00100040,0020000D,00200010"
SERIES = "includefield=0008103E,00080060,0020000E,00200011,00081190"
INSTANCE = "includefield=00080018,00200013,00081190"


@pytest.fixture
def room():
    return open_room(slices())


def value(item, tag):
    return item[tag]["Value"][0]


def way(address):
    """Return the path of an absolute address that an answer gave."""
    return urlsplit(address).path


def test_weasis_walks_from_a_patient_to_the_files_by_the_addresses_it_is_given(room):
    patient = value(room.get("/dicomweb/studies", JSON).json()[0], "00100020")
    (study,) = room.get(f"/dicomweb/studies?00100020={patient}&{STUDY}", JSON).json()
    found = room.get(f"/dicomweb/studies/{value(study, '0020000D')}/series?{SERIES}", JSON).json()
    assert [value(series, "00080060") for series in found]
    files = []
    for series in found:
        small = room.get(f"{way(value(series, '00081190'))}/thumbnail?viewport=256%2C256", "image/jpeg")
        assert Image.open(BytesIO(small.body)).format == "JPEG"
        for instance in room.get(f"{way(value(series, '00081190'))}/instances?{INSTANCE}", JSON).json():
            for syntax in ("*", "1.2.840.10008.1.2.1"):  # both are settings of Weasis
                accept = f'multipart/related;type="application/dicom";transfer-syntax={syntax}'
                ((_, body),) = parts_of(room.get(way(value(instance, "00081190")), accept))
                assert dcmread(BytesIO(body)).SOPInstanceUID == value(instance, "00080018")
            files.append(value(instance, "00200013"))
    assert sorted(files) == [1, 1, 2, 2, 3, 3, 4, 5]


@pytest.mark.parametrize(("level", "tag"), [("studies", "0020000D"), ("series", "0020000E"), ("instances", "00080018")])
def test_weasis_starts_from_one_uid_of_any_level_and_is_told_whose_it_is(room, level, tag):
    uid = value(room.get(f"/dicomweb/{level}", JSON).json()[0], tag)
    (found,) = room.get(f"/dicomweb/{level}?{tag}={uid}&{STUDY},0008103E,00080060,0020000E,00200011,00200013,00081190", JSON).json()
    assert value(found, tag) == uid
    assert value(found, "00100020").startswith("SP-")
    assert value(found, "0020000D")
    assert value(found, "00081190")


def test_slicer_lists_a_study_and_fetches_series_after_series(room):
    """Its DICOMweb browser is dicomweb-client: everything is searched for with all its fields, page by page, then fetched whole."""
    (study,) = room.get("/dicomweb/studies?offset=0&limit=100", JSON).json()
    uid = value(study, "0020000D")
    for series in room.get(f"/dicomweb/studies/{uid}/series", JSON).json():
        path = f"/dicomweb/studies/{uid}/series/{value(series, '0020000E')}"
        count = len(room.get(f"{path}/instances", JSON).json())
        assert value(series, "00201209") == count
        accept = 'multipart/related; type="application/dicom"; transfer-syntax="1.2.840.10008.1.2.1"'
        assert len(parts_of(room.get(path, accept))) == count
