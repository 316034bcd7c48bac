"""Text in pixels: found, blanked, read again by another reader; anatomy and side markers stay bit for bit."""

import shutil
import subprocess
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.text_filter import may_hold_text
from storage.dicom.text_reader import text_at
from tests.storage.dicoms import slice_of, to_bytes

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
NAME = "WYMBACH ILVARO"


def anatomy(shape=(256, 256), seed=3, top=900):
    """Return a smooth, noisy picture [row, column] int16, as a scanner makes it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    body = top * np.exp(-(((rows - shape[0] / 2) / 90) ** 2 + ((columns - shape[1] / 2) / 70) ** 2))
    return (body + rng.normal(0, 15, shape) + 60).astype(np.int16)


def written(pixels, text, place, size=18, value=None):
    drawn = Image.new("L", pixels.shape[1::-1], 0)
    ImageDraw.Draw(drawn).text(place, text, fill=255, font=ImageFont.load_default(size))
    ink = np.asarray(drawn) > 127
    out = pixels.copy()
    out[ink] = pixels.max() if value is None else value
    return out


def through(pixels, **fields):
    data = to_bytes(slice_of(study="1.2.3", series="1.2.4", pixels=pixels, **fields))
    passed = pass_door(data, profile=Profile(), pseudonyms=KEYS)
    return passed, pydicom.dcmread(BytesIO(passed.data))


def read_again(pixels):
    """Return what tesseract reads, upper case without spaces."""
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed; on Debian: apt-get install tesseract-ocr")
    plane = pixels.astype(float)
    plane = ((plane - plane.min()) / max(1, np.ptp(plane)) * 255).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(plane).resize((plane.shape[1] * 3, plane.shape[0] * 3)).save(out, "PNG")
    done = subprocess.run(
        ["tesseract", "-", "-", "--psm", "11"],
        input=out.getvalue(),
        capture_output=True,
        env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.decode("utf-8", "replace").upper().replace(" ", "")


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"])
def test_a_name_in_a_slice_is_blanked_and_the_rest_is_untouched(sop_class):
    clean = anatomy()
    pixels = written(clean, NAME, (8, 10))
    assert "WYMB" in read_again(pixels)
    passed, dataset = through(pixels, sop_class=sop_class)
    stored = dataset.pixel_array
    assert "text_blanked" in passed.notes
    assert not [part for part in ("WYM", "BACH", "ILV", "VARO") if part in read_again(stored)]
    assert (stored[60:] == clean[60:]).all()
    assert dataset.BurnedInAnnotation == "NO"


def test_a_slice_without_text_stays_bit_for_bit():
    clean = anatomy()
    passed, dataset = through(clean)
    assert "text_blanked" not in passed.notes
    assert (dataset.pixel_array == clean).all()


def test_a_side_marker_stays():
    pixels = written(anatomy(), "L", (200, 100), size=24)
    _, dataset = through(pixels)
    assert (dataset.pixel_array == pixels).all()


def test_noise_is_not_worth_reading():
    frames = [anatomy(seed=seed) for seed in range(20)]
    assert sum(bool(may_hold_text(frame)) for frame in frames) == 0


def test_outside_of_ultrasound_regions_everything_is_black():
    pixels = np.random.default_rng(1).integers(50, 200, (120, 160)).astype(np.uint8)
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 20, 30, 139, 109
    fields = {"Modality": "US", "SequenceOfUltrasoundRegions": Sequence([region]), "position": None}
    _, dataset = through(pixels, sop_class="1.2.840.10008.5.1.4.1.1.6.1", **fields)
    stored = dataset.pixel_array
    assert (stored[30:110, 20:140] == pixels[30:110, 20:140]).all()
    outside = np.ones(stored.shape, bool)
    outside[30:110, 20:140] = False
    assert len(np.unique(stored[outside])) == 1


def test_text_in_one_frame_of_a_film_is_found():
    film = np.stack([anatomy(seed=seed) for seed in range(5)])
    film[3] = written(film[3], NAME, (8, 10), value=1200)
    passed, dataset = through(film, sop_class="1.2.840.10008.5.1.4.1.1.7.3", Modality="OT", position=None)
    assert passed.report["actions"]["boxes_blanked"] >= 1
    assert "WYM" not in read_again(dataset.pixel_array[3])


def test_a_colour_screen_capture_loses_its_text():
    grey = written(anatomy(top=120).clip(0, 255).astype(np.int16), NAME, (8, 10), value=255).clip(0, 255).astype(np.uint8)
    rgb = np.stack([grey, grey // 2, grey // 3], axis=2)
    data = slice_of(study="1.2.3", series="1.2.4", pixels=grey, sop_class="1.2.840.10008.5.1.4.1.1.7", Modality="OT", position=None)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.PixelData = rgb.tobytes()
    passed = pass_door(to_bytes(data), profile=Profile(), pseudonyms=KEYS)
    stored = pydicom.dcmread(BytesIO(passed.data)).pixel_array
    assert "WYM" not in read_again(stored[:, :, 0])
    assert (stored[60:] == rgb[60:]).all()


@pytest.mark.parametrize(("size", "share", "turned"), [(14, 0.45, False), (14, 0.8, True), (16, 0.6, False), (40, 1.0, False)])
def test_small_grey_and_turned_text_is_blanked(size, share, turned):
    clean = anatomy()
    value = int(clean.max() * share)
    pixels = (
        written(clean.T.copy(), NAME, (4, 8), size=size, value=value).T if turned else written(clean, NAME, (4, 8), size=size, value=value)
    )
    passed, dataset = through(pixels)
    ink = pixels != clean
    assert (dataset.pixel_array[ink] == pixels[ink]).mean() < 0.1
    assert passed.report["actions"]["boxes_blanked"] >= 1


def test_real_anatomy_is_never_blanked(test_data):
    """No box on frames of 8 and 16 bits that nobody has written on."""
    import nibabel

    ct = nibabel.load(test_data / "ct_verse014" / "sub-verse014_ct.nii.gz")
    mr = nibabel.load(test_data / "mr_spider_t2space" / "sub-041_T2w.nii.gz")
    frames = [np.asarray(ct.dataobj)[:, :, number].astype(np.int16) for number in range(0, 40, 8)]
    frames += [np.asarray(mr.dataobj)[number].astype(np.uint8) for number in (3, 7)]
    assert [text_at(frame, may_hold_text(frame)) for frame in frames] == [[]] * len(frames)


@pytest.mark.parametrize("scale", [4, 3.7])
def test_what_was_8_bits_and_was_scaled_since_is_no_ink_but_text_in_it_is_found(test_data, scale):
    import nibabel

    image = np.asarray(nibabel.load(test_data / "mr_spider_t2space" / "sub-005_T2w.nii.gz").dataobj)
    sagittal = np.ascontiguousarray(np.round(image[image.shape[0] // 2].T[::-1] * scale).astype(np.uint16))
    assert text_at(sagittal, may_hold_text(sagittal)) == []
    named = written(sagittal, NAME, (20, 24))
    assert any(top < 34 < bottom for top, _left, bottom, _right in text_at(named, may_hold_text(named)))


def test_text_in_the_luminance_of_ybr_is_found():
    grey = written(np.full((96, 200), 20, np.uint8), NAME, (8, 10), value=110)
    ybr = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], axis=2)
    data = slice_of(study="1.2.3", series="1.2.4", pixels=grey, sop_class="1.2.840.10008.5.1.4.1.1.7", Modality="OT", position=None)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "YBR_FULL", 0
    data.PixelData = ybr.tobytes()
    passed = pass_door(to_bytes(data), profile=Profile(), pseudonyms=KEYS)
    stored = pydicom.dcmread(BytesIO(passed.data))
    assert not (stored.pixel_array[..., 0] == 110).any()
    assert stored.PhotometricInterpretation == "YBR_FULL"


def test_grey_text_in_one_frame_of_a_film_under_brighter_frames_is_found():
    film = np.stack([anatomy(seed=seed) for seed in range(4)])
    film[0, :60] += 500
    film[2] = written(film[2], NAME, (8, 10), value=400)
    _, dataset = through(film, sop_class="1.2.840.10008.5.1.4.1.1.7.3", Modality="OT", position=None)
    assert "WYM" not in read_again(dataset.pixel_array[2][:60])
