"""DICOMweb, read by programs that others wrote: dicomweb-client, pydicom, dcmtk and dicom3tools."""

import shutil
import subprocess
from io import BytesIO

import numpy as np
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from requests import HTTPError, Session

from tests.columns import session_folder
from tests.storage.dicomweb import slices
from tests.storage.dicomweb_site import serve

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def site():
    with serve(session_folder("dicomweb")) as running:
        yield running


def client_of(site, person="reader"):
    session = Session()
    session.headers["Authorization"] = f"Bearer {site.tokens[person]}"
    return DICOMwebClient(f"{site.url}/dicomweb", session=session)


@pytest.fixture(scope="module")
def client(site):
    return client_of(site)


@pytest.fixture(scope="module")
def ct(client):
    """Study, series and first instance UID of the CT."""
    (found,) = client.search_for_instances(search_filters={"Modality": "CT", "InstanceNumber": "1"})
    return tuple(found[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))


def test_dicomweb_client_walks_from_the_study_to_the_voxels(client, ct):
    (study,) = client.search_for_studies(search_filters={"PatientID": "SP-*"}, fields=["00081030"])
    uid, (series,) = study["0020000D"]["Value"][0], client.search_for_series(ct[0], search_filters={"Modality": "CT"})
    assert (uid, series["0020000E"]["Value"][0]) == ct[:2]
    metadata = [Dataset.from_json(item, lambda uri: None) for item in client.retrieve_series_metadata(*ct[:2])]
    assert [item.InstanceNumber for item in metadata] == [1, 2, 3, 4, 5]
    files = {item.SOPInstanceUID: item for item in client.retrieve_series(*ct[:2])}
    for item in metadata:
        (frame,) = client.retrieve_instance_frames(*ct[:2], item.SOPInstanceUID, [1])
        values = np.frombuffer(frame, np.int16).reshape(item.Rows, item.Columns)
        assert np.array_equal(values, files[item.SOPInstanceUID].pixel_array)


def test_dicomweb_client_gets_objects_pictures_and_bulk_data(client, ct, site):
    found = client.retrieve_instance(*ct)
    assert str(found.PatientName) == site.pseudonym
    assert len(client.retrieve_study(ct[0])) == 8
    address = client.retrieve_instance_metadata(*ct)["7FE00010"]["BulkDataURI"]
    assert address.startswith(f"{site.url}/dicomweb/studies/2.25.")
    assert client.retrieve_bulkdata(address) == [found.PixelData]
    assert client.retrieve_instance_rendered(*ct, media_types=("image/png",))[:4] == b"\x89PNG"
    assert client.retrieve_instance_frames_rendered(*ct, [1], media_types=("image/jpeg",))[:2] == b"\xff\xd8"


def test_dicomweb_client_stores_what_can_then_be_found(site):
    client = client_of(site, "manager")
    answer = client.store_instances([dcmread(BytesIO(data)) for data in slices()[:3]])
    assert len(answer.ReferencedSOPSequence) == 3
    assert len(client.search_for_instances()) == 3


def test_another_token_sees_nothing_and_a_narrow_one_is_told_so(site, ct):
    other = client_of(site, "outsider")
    assert other.search_for_studies() == []
    with pytest.raises(HTTPError, match="404"):
        other.retrieve_study_metadata(ct[0])
    with pytest.raises(HTTPError, match="401"):
        DICOMwebClient(f"{site.url}/dicomweb").search_for_studies()
    with pytest.raises(HTTPError, match="403"):
        client_of(site, "pull").search_for_studies()


def test_a_retrieved_file_is_good_for_dcmtk_and_dicom3tools(client, ct, site, dcmtk, tmp_path):
    path = tmp_path / "one.dcm"
    client.retrieve_instance(*ct).save_as(path, enforce_file_format=True)
    dump = subprocess.run([dcmtk("dcmdump"), "+P", "PatientID", str(path)], capture_output=True, text=True, check=True).stdout
    assert site.pseudonym in dump
    picture = tmp_path / "one.png"
    command = [dcmtk("dcmj2pnm"), "--write-png", "--min-max-window", str(path), str(picture)]
    subprocess.run(command, check=True, capture_output=True)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed; on Debian: apt-get install dicom3tools")
    told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True).stderr
    assert "CTImage" in told
