"""DICOMweb, request by request: what each service answers, and in which form."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from storage.dicom.htj2k import decode_frame
from storage.models import Series, SeriesMetadata
from storage.services.subject import subject_erase, subject_withdraw
from tests.factories import make_member
from tests.storage.dicoms import slice_of, to_bytes
from tests.storage.dicomweb import bring, open_room, slices

pytestmark = pytest.mark.django_db
JSON = "application/dicom+json"
RAW = "1.2.840.10008.1.2.1"
HTJ2K = "1.2.840.10008.1.2.4.202"


@pytest.fixture
def room():
    return open_room(slices())


def parts_of(answer):
    """Return (head, body) of each part, found as strict clients find them."""
    boundary = answer["Content-Type"].split("boundary=")[1].encode()
    assert answer.body.endswith(b"--" + boundary + b"--\r\n")
    pieces = answer.body.split(b"--" + boundary + b"\r\n")[1:]
    found = [piece.split(b"\r\n\r\n", 1) for piece in pieces]
    found[-1][1] = found[-1][1].removesuffix(b"--" + boundary + b"--\r\n")
    return [(head.decode(), body.removesuffix(b"\r\n")) for head, body in found]


def stored(room, index=0, modality="CT"):
    answer = room.get(room.instance(modality, index), "application/dicom; transfer-syntax=*")
    return dcmread(BytesIO(answer.body))


# searching


def names(answer, tag):
    return [item[tag]["Value"][0] for item in answer.json()]


@pytest.mark.parametrize(
    ("path", "count"),
    [("/dicomweb/studies", 1), ("/dicomweb/series", 2), ("/dicomweb/instances", 8), ("{study}/series", 2), ("{study}/instances", 8)],
)
def test_every_level_is_searched_from_the_top_or_below(room, path, count):
    answer = room.get(path.format(study=room.path), JSON)
    assert (answer.status_code, answer["Content-Type"], len(answer.json())) == (200, JSON, count)
    assert "private" in answer["Cache-Control"]


def test_a_study_says_what_it_holds_and_nothing_of_the_person(room):
    (study,) = room.get("/dicomweb/studies").json()
    assert study["00080061"]["Value"] == ["CT", "MR"]
    assert (study["00201206"]["Value"], study["00201208"]["Value"]) == ([2], [8])
    assert study["00081190"]["Value"][0].endswith(room.path)
    assert study["00100010"]["Value"] == [{"Alphabetic": room.study.subject.pseudonym}]
    assert study["00080050"] == {"vr": "SH"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("PatientID=SP-*", 1),
        ("00100020=sp-??????????", 1),
        ("PatientName=Kesselring*", 0),
        ("AccessionNumber=ACC7788123", 0),
        ("AccessionNumber=", 1),
        ("ModalitiesInStudy=MR", 1),
        ("ModalitiesInStudy=US", 0),
        ("ModalitiesInStudy=M?", 1),
        ("ModalitiesInStudy=US%2CCT", 1),
        ("StudyDate=19000101-", 1),
        ("StudyDate=-19000101", 0),
        ("StudyDate=", 1),
        ("StudyInstanceUID=1.2.3", 0),
    ],
)
def test_studies_are_matched(room, query, count):
    assert len(room.get(f"/dicomweb/studies?{query}").json()) == count


@pytest.mark.parametrize("comma", [",", "%5C", "&SeriesInstanceUID="])
def test_a_list_of_uids_comes_with_commas_backslashes_or_repeated(room, comma):
    uids = comma.join(Series.objects.values_list("series_instance_uid", flat=True))
    assert len(room.get(f"/dicomweb/series?SeriesInstanceUID={uids}").json()) == 2


def test_limit_and_offset_walk_through_all_in_a_stable_order(room):
    whole = names(room.get("/dicomweb/instances"), "00080018")
    pages = [room.get(f"/dicomweb/instances?limit=3&offset={offset}") for offset in (0, 3, 6, 9)]
    assert [uid for page in pages for uid in names(page, "00080018")] == whole
    assert "5 additional" in pages[0]["Warning"]
    assert not pages[3].json()


def test_what_is_not_supported_is_said(room):
    answer = room.get("/dicomweb/studies?fuzzymatching=true&Manufacturer=X&nonsense=1")
    assert answer["Warning"].startswith("299 ")
    assert "fuzzymatching" in answer["Warning"]
    assert "00080070" in answer["Warning"]
    assert len(answer.json()) == 1


@pytest.mark.parametrize("fields", ["includefield=00280030,ImageType", "includefield=00280030&includefield=ImageType", "includefield=all"])
def test_more_fields_come_when_asked_for(room, fields):
    room.get(f"{room.of()}/metadata")
    (found,) = room.get(f"{room.path}/series?Modality=CT&{fields}").json()
    assert found["00280030"]["Value"] == [0.5, 0.5]
    assert found["00080008"]["Value"][0] == "ORIGINAL"


@pytest.mark.parametrize("query", ["limit=x", "offset=-1", "StudyDate=yesterday"])
def test_a_query_that_means_nothing_is_refused(room, query):
    assert room.get(f"/dicomweb/studies?{query}").status_code == 400


def test_only_xml_is_not_to_be_had(room):
    assert room.get("/dicomweb/studies", 'multipart/related; type="application/dicom+xml"').status_code == 406
    assert room.get("/dicomweb/studies?accept=application/dicom+json", "text/html").status_code == 200


def test_each_person_finds_what_is_theirs(room):
    client = room.client
    client.force_login(make_member("radiologist"), backend="django.contrib.auth.backends.ModelBackend")
    assert room.get("/dicomweb/studies").json() == []
    for path in (room.path, f"{room.path}/metadata", room.of(), room.instance(), f"{room.instance()}/frames/1"):
        assert room.get(path).status_code == 404
    client.logout()
    answer = room.get("/dicomweb/studies")
    assert (answer.status_code, answer["WWW-Authenticate"][:6]) == (401, "Bearer")


# metadata


def test_metadata_is_ordered_complete_and_without_pixels(room):
    found = room.get(f"{room.of()}/metadata").json()
    assert [item["00200013"]["Value"][0] for item in found] == [1, 2, 3, 4, 5]
    first = found[0]
    assert first["7FE00010"] == {"vr": "OW", "BulkDataURI": f"http://127.0.0.1:8000{room.instance()}/bulkdata/7FE00010"}
    assert first["00083002"]["Value"] == [HTJ2K, RAW]
    assert first["00200032"]["Value"] == [0.0, 0.0, -3.0]
    assert first["00080090"] == {"vr": "PN"}
    assert not [tag for tag in first if tag.startswith("0002")]


def test_metadata_of_a_study_is_that_of_its_series_and_each_instance_is_in_it(room):
    whole = room.get(f"{room.path}/metadata").json()
    assert len(whole) == 8
    assert room.get(f"{room.instance('MR', 2)}/metadata").json()[0] in whole


def test_metadata_is_made_once_and_again_when_a_slice_comes_late(room):
    room.get(f"{room.of('MR')}/metadata")
    before = SeriesMetadata.objects.get(series=room.series("MR"))
    etag = room.get(f"{room.of('MR')}/metadata")["ETag"]
    assert room.get(f"{room.of('MR')}/metadata", **{"If-None-Match": etag}).status_code == 304
    header = dcmread(BytesIO(slices()[-1]))
    late = slice_of(
        study=header.StudyInstanceUID, series=header.SeriesInstanceUID, number=9, position=(0, 0, 36.0), sop_class=header.SOPClassUID
    )
    bring(room.project, [to_bytes(late)])
    assert len(room.get(f"{room.of('MR')}/metadata").json()) == 4
    assert SeriesMetadata.objects.get(series=room.series("MR")).blob_id != before.blob_id


def test_metadata_is_compressed_for_who_takes_it(room):
    answer = room.get(f"{room.of()}/metadata", **{"Accept-Encoding": "gzip"})
    assert (answer["Content-Encoding"], answer.body[:2]) == ("gzip", b"\x1f\x8b")


def test_long_values_are_named_and_can_be_fetched():
    table = bytes(range(256)) * 8
    names = [f"{colour}PaletteColorLookupTable" for colour in ("Red", "Green", "Blue")]
    fields = {f"{name}Descriptor": [1024, 0, 16] for name in names} | {f"{name}Data": table for name in names}
    fields |= {"PhotometricInterpretation": "PALETTE COLOR", "pixels": np.zeros((16, 12), np.uint8)}
    room = open_room([to_bytes(slice_of(study="1.2.3", series="1.2.3.4", **fields))])
    (found,) = room.get(f"{room.of()}/metadata").json()
    address = found["00281201"]["BulkDataURI"].removeprefix("http://127.0.0.1:8000")
    assert room.get(address, "application/octet-stream").body == table
    assert room.get(f"{address}/1/00280010").status_code == 404
    assert room.get(f"{room.instance()}/frames/1", "image/jphc").status_code == 406, "HTJ2K would be colours, the header says indices"


# frames


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", 'multipart/related; type="application/octet-stream"', "multipart/related; type=application/octet-stream", f"multipart/related;type=application/octet-stream;transfer-syntax={RAW}"],
)  # fmt: skip
def test_frames_are_raw_when_nothing_else_is_asked(room, accept):
    answer = room.get(f"{room.instance()}/frames/1", accept)
    ((head, body),) = parts_of(answer)
    assert head.startswith("Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n")
    assert body == stored(room).PixelData
    assert int(answer["Content-Length"]) == len(answer.body)


@pytest.mark.parametrize(
    "accept", ["multipart/related; type=application/octet-stream; transfer-syntax=*", 'multipart/related; type="image/jphc"']
)
@pytest.mark.parametrize("render", [True, False])
def test_frames_are_htj2k_when_wanted_ready_or_not(accept, render):
    room = open_room(slices(), render=render)
    ((head, body),) = parts_of(room.get(f"{room.instance()}/frames/1", accept))
    assert head.startswith(f"Content-Type: image/jphc; transfer-syntax={HTJ2K}")
    assert np.array_equal(decode_frame(body), stored(room).pixel_array)


def test_a_single_part_has_ranges(room):
    address = f"{room.instance()}/frames/1"
    whole = room.get(address, "image/jphc")
    assert whole["Content-Type"] == f"image/jphc; transfer-syntax={HTJ2K}"
    piece = room.get(address, "image/jphc", Range="bytes=10-29")
    assert (piece.status_code, piece["Content-Range"]) == (206, f"bytes 10-29/{len(whole.body)}")
    assert piece.body == whole.body[10:30]
    assert room.get(address, "application/octet-stream", Range="bytes=2-5").body == stored(room).PixelData[2:6]
    assert room.get(address, "image/jphc", Range="bytes=999999-").status_code == 416
    assert "Content-Encoding" not in whole


def test_what_frames_cannot_be_is_refused(room):
    assert room.get(f"{room.instance()}/frames/1", "image/gif").status_code == 406
    assert room.get(f"{room.instance()}/frames/2").status_code == 404
    assert room.get(f"{room.instance()}/frames/0").status_code == 404
    assert room.get(f"{room.instance()}/frames/a,b").status_code == 400


def test_several_frames_of_one_object_come_in_the_order_asked():
    pixels = np.arange(3 * 16 * 12, dtype=np.int16).reshape(3, 16, 12)
    room = open_room([to_bytes(slice_of(study="1.2.3", series="1.2.3.5", pixels=pixels, position=None))])
    bodies = [body for _, body in parts_of(room.get(f"{room.instance()}/frames/3,1"))]
    assert bodies == [pixels[2].tobytes(), pixels[0].tobytes()]
    fast = [decode_frame(body) for _, body in parts_of(room.get(f"{room.instance()}/frames/2,3", 'multipart/related; type="image/jphc"'))]
    assert np.array_equal(fast, pixels[1:])
    assert room.get(f"{room.instance()}/bulkdata/7FE00010", "application/octet-stream").body == pixels.tobytes()


def test_a_compressed_object_is_had_as_it_is_and_uncompressed():
    dataset = slice_of(study="1.2.3", series="1.2.3.6", pixels=np.arange(192, dtype=np.int16).reshape(16, 12))
    values = dataset.pixel_array.copy()
    dataset.compress("1.2.840.10008.1.2.4.80", generate_instance_uid=False)
    room = open_room([to_bytes(dataset)])
    address = room.instance()
    same = room.get(f"{address}/frames/1", 'multipart/related; type="image/jls"')
    assert "transfer-syntax=1.2.840.10008.1.2.4.80" in parts_of(same)[0][0]
    assert parts_of(room.get(f"{address}/frames/1"))[0][1] == values.tobytes()
    assert stored(room).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.80"
    plain = dcmread(BytesIO(room.get(address, "application/dicom").body))
    assert plain.file_meta.TransferSyntaxUID == RAW
    assert np.array_equal(plain.pixel_array, values)


# whole objects, pictures


@pytest.mark.parametrize(("level", "count"), [("study", 8), ("series", 5), ("instance", 1)])
def test_objects_come_as_they_are_stored(room, level, count):
    path = {"study": room.path, "series": room.of(), "instance": room.instance()}[level]
    found = parts_of(room.get(path, 'multipart/related; type="application/dicom"; transfer-syntax=*'))
    assert len(found) == count
    uids = {dcmread(BytesIO(body)).SOPInstanceUID for _, body in found}
    assert len(uids) == count
    assert all("Content-Location: http://127.0.0.1:8000/dicomweb/studies/2.25." in head for head, _ in found)


def test_objects_in_a_syntax_that_is_not_to_be_had_are_refused_before_the_first_byte(room):
    wish = 'multipart/related; type="application/dicom"; transfer-syntax={}'
    never, plain = wish.format("1.2.840.10008.1.2.4.50"), wish.format(RAW)
    for path in (room.path, room.of(), room.instance()):
        answer = room.get(path, never)
        assert (answer.status_code, answer.json()["error"]["code"]) == (406, "not_acceptable")
        assert answer.json()["error"]["state"]["types"] == [RAW]
        (head, _), *_ = parts_of(room.get(path, f"{never}, {plain}; q=0.5"))
        assert f"transfer-syntax={RAW}" in head, "the next thing on the client's list"


def test_what_a_client_has_already_is_not_sent_again(room):
    for path, accept in ((f"{room.instance()}/frames/1", "image/jphc"), (room.instance(), "application/dicom")):
        tag = room.get(path, accept)["ETag"]
        assert room.get(path, accept, **{"If-None-Match": tag}).status_code == 304
        other = {"If-Range": '"something else"', "Range": "bytes=0-3"}
        assert room.get(path, accept, **other).status_code == 200, "a range of other bytes would not fit"
        assert room.get(path, accept, **{"If-Range": tag, "Range": "bytes=0-3"}).status_code == 206


@pytest.mark.parametrize("path", ["/dicomweb/patients", "/dicomweb/", "{study}/rendered", "{study}/series/1.2/other"])
def test_what_there_is_not_is_named_in_the_words_of_the_other_answers(room, path):
    answer = room.get(path.format(study=room.path))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_address")
    refused = room.client.delete("/dicomweb/studies")
    assert (refused.status_code, refused.json()["error"]["code"], refused["Allow"]) == (
        405,
        "method_not_allowed",
        "GET, POST, HEAD, OPTIONS",
    )


def test_a_rendered_frame_is_what_the_window_says(room):
    def grey(query="", accept="image/png"):
        return np.asarray(Image.open(BytesIO(room.get(f"{room.instance()}/rendered{query}", accept).body)))

    values = stored(room).pixel_array - 3.0
    assert np.array_equal(grey("?window=500,1,linear") > 127, values > 499.5)
    assert grey("?viewport=24,64").shape == (32, 24)
    assert grey("?viewport=12,16,0,0,6,8").shape == (16, 12)
    answer = room.get(f"{room.instance()}/frames/1/rendered?quality=20", "image/jpeg")
    assert answer["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.body)).format == "JPEG"
    for bad in ("viewport=9", "viewport=0,0", "window=1", "window=1,-1,linear", "quality=0", "window=1,2,sigmoid"):
        assert room.get(f"{room.instance()}/rendered?{bad}").status_code == 400, bad


@pytest.mark.parametrize("level", ["study", "series", "instance", "frame"])
def test_every_level_has_a_thumbnail(room, level):
    path = {"study": room.path, "series": room.of("MR"), "instance": room.instance(), "frame": f"{room.instance()}/frames/1"}[level]
    answer = room.get(f"{path}/thumbnail?viewport=64%2C64", "image/*")
    picture = Image.open(BytesIO(answer.body))
    assert (answer["Content-Type"], picture.size) == ("image/jpeg", (48, 64))


# storing, withdrawing


def test_the_log_names_the_route_and_never_a_uid_that_a_program_brings(room, caplog):
    room.get("/dicomweb/studies/1.2.826.0.1.471108154711/metadata")
    assert "<uid:study>" in caplog.text
    assert "471108154711" not in caplog.text


def stow(room, *files, path="/dicomweb/studies"):
    body = b"".join(b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + data for data in files) + b"\r\n--edge--"
    return room.client.generic("POST", path, body, content_type='multipart/related; type="application/dicom"; boundary=edge')


def test_storing_goes_through_the_same_door_and_says_where_it_is_to_be_had():
    manager = make_member("data_manager")
    room = open_room(slices())
    room.client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    data = slices()[0]
    answer = stow(room, data)
    assert answer.status_code == 200
    address = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0].removeprefix("http://127.0.0.1:8000")
    assert len(room.get(f"{address}/metadata").json()) == 1
    original = dcmread(BytesIO(data))
    assert str(original.SOPInstanceUID) not in json.dumps(answer.json())
    assert stow(room, data, path=f"/dicomweb/studies/{original.StudyInstanceUID}").status_code == 200
    assert stow(room, data, path="/dicomweb/studies/1.2.3.4.5").status_code == 409


def test_who_may_not_import_may_not_store(room):
    assert stow(room, slices()[0]).status_code == 403


def test_what_was_withdrawn_answers_410_and_its_metadata_is_erased(room):
    room.get(f"{room.path}/metadata")
    subject, blobs = room.study.subject, list(SeriesMetadata.objects.values_list("blob", flat=True))
    paths = [f"{room.path}/metadata", f"{room.of()}/metadata", f"{room.instance()}/frames/1", room.path]
    subject_withdraw(subject=subject, user=None, reason="asked")
    assert room.get("/dicomweb/studies").json() == []
    assert {room.get(path).status_code for path in paths} == {410}
    subject_erase(subject=subject)
    assert {room.get(path).status_code for path in paths} == {410}
    from storage.object_store import store

    assert blobs
    assert not any(store().exists(digest) for digest in blobs)
