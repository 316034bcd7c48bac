"""What the header says of hospital and device: gone from every place by default, kept whole where the profile retains it."""

from io import BytesIO

import pydicom
import pytest

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from tests.storage.dicoms import slice_of, to_bytes

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
HERE = {
    "InstitutionName": "Waldkrankenhaus Ebersfeld",
    "InstitutionAddress": "Am Grafenweiher 14, 93047 Ebersfeld",
    "StationName": "EBRMR2",
    "DeviceSerialNumber": "SN-55671",
}


def passed(profile: Profile | None = None, **fields: object) -> tuple[bytes, pydicom.Dataset]:
    found = pass_door(
        to_bytes(slice_of(study="1.2.3", series="1.2.3.4", **{**HERE, **fields})), profile=profile or Profile(), pseudonyms=KEYS
    )
    return found.data, pydicom.dcmread(BytesIO(found.data))


@pytest.mark.parametrize("keyword", ["ManufacturerModelName", "SoftwareVersions", "CodingSchemeDesignator"])
@pytest.mark.parametrize("text", ["Aera Ebersfeld", "Aera 99EBERSFELD", "Aera Kesselring2"])
def test_words_of_the_hospital_leave_the_texts_that_devices_write(keyword, text):
    data, dataset = passed(**{keyword: text})
    assert str(dataset.get(keyword, "")).strip() in ("Aera", "")
    assert not [word for word in (b"ebersfeld", b"kesselring") if word in data.lower()]


@pytest.mark.parametrize("text", [b"Kesselring Adelheid", "Kesselring Adelheid".encode("utf-16-be"), b"19610403", b"Ebersfeld"])
def test_a_name_in_a_table_of_numbers_holds_the_object(text):
    with pytest.raises(Rejected) as held:
        passed(ICCProfile=b"\0\1\2 " + text.ljust(60, b" "))
    assert held.value.code == "residual_identity"


def test_a_table_without_a_name_goes_out_as_it_was():
    table = bytes(range(256)) * 8
    assert passed(ICCProfile=table)[1].ICCProfile == table


def test_what_the_profile_retains_is_kept_whole_and_nothing_else_of_the_patient():
    _, bare = passed()
    _, device = passed(Profile(retain_device_identity=True))
    data, institution = passed(Profile(retain_institution_identity=True), InstitutionalDepartmentName="Radio Kesselring")
    told = ("InstitutionName", "StationName", "DeviceSerialNumber")
    assert [str(bare.get(keyword, "")) for keyword in told] == ["", "", "REMOVED"]
    assert [str(device.get(keyword, "")) for keyword in told] == ["", "EBRMR2", "SN-55671"]
    assert [str(institution.get(keyword, "")) for keyword in told] == [HERE["InstitutionName"], "", "REMOVED"]
    assert b"Kesselring" not in data
