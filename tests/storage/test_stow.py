"""STOW-RS: the same door for programs, with a client that others wrote."""

from io import BytesIO

import pydicom
import pytest
from django.test import Client

from config.errors import Invalid
from storage.models import ImportBatch, Instance
from storage.multipart_related import boundary_of, parts
from storage.services.source import source_for, source_update
from tests.factories import make_member
from tests.storage.dicoms import series_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def stow():
    user = make_member("data_manager")
    project = user.memberships.get().project
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def send(*files):
        body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n" for data in files) + b"--edge--\r\n"
        content = 'multipart/related; type="application/dicom"; boundary=edge'
        return client.generic("POST", f"/api/projects/{project.slug}/dicomweb/studies", body, content_type=content)

    send.project = project
    return send


def test_every_part_passes_the_door(stow):
    answer = stow(*series_of(3))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/dicom+json")
    named = {item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"]}
    assert named == set(Instance.objects.values_list("sop_instance_uid", flat=True))
    assert stow(*series_of(3)).status_code == 200
    assert Instance.objects.count() == 3


def test_what_does_not_go_in_is_named_and_the_rest_goes_in(stow):
    answer = stow(series_of(1)[0], b"not dicom" * 30)
    assert answer.status_code == 202
    assert answer.json()["00081198"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert stow(b"not dicom" * 30).status_code == 409
    assert ImportBatch.objects.filter(refused=1).count() == 2


def test_originals_are_not_repeated_in_the_answer(stow):
    data = series_of(1)[0]
    assert pydicom.dcmread(BytesIO(data)).SOPInstanceUID not in stow(data).content.decode()


def test_a_source_that_floods_is_told_to_wait(stow):
    source_update(source=source_for(project=stow.project, kind="stow"), user=None, rate_limit=2)
    answer = stow(*series_of(4))
    assert [item["00081197"]["Value"] for item in answer.json()["00081198"]["Value"]] == [[0xA700]] * 2
    assert Instance.objects.count() == 2


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_parts_are_found_however_the_body_is_cut(size):
    class Slow(BytesIO):
        def read(self, count=-1):
            return super().read(min(size, count))

    body = b"--b\r\nA: 1\r\n\r\n\r\n--not\r\n--b\r\n\r\nsecond\r\n--b--"
    assert list(parts(Slow(body), b"b", limit=10**6)) == [b"\r\n--not", b"second"]
    with pytest.raises(Invalid, match="ends before"):
        list(parts(Slow(body[:-6]), b"b", limit=10**6))
    assert boundary_of('multipart/related; boundary="a b"') == b"a b"
