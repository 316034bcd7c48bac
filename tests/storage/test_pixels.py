"""Decoding: every common transfer syntax gives the stored values, and every fault has a name."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from storage.dicom.pixels import PixelError, decode_frame, iterate_frames, pixel_format


def sample(name: str) -> Dataset:
    return dcmread(str(get_testdata_file(name, download=False)))


def image(
    pixels: np.ndarray, *, stored: int | None = None, high: int | None = None, syntax: str = ExplicitVRLittleEndian, **fields
) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = stored or dataset.BitsAllocated
    dataset.HighBit = high if high is not None else dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in fields.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    "name", ["MR_small_RLE", "MR_small_jp2klossless", "MR_small_jpeg_ls_lossless", "MR_small_bigendian", "MR_small_implicit"]
)
def test_every_lossless_encoding_gives_the_same_stored_values(name):
    expected = decode_frame(sample("MR_small.dcm"), 1)
    found = decode_frame(sample(f"{name}.dcm"), 1)
    assert found.dtype == np.int16
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLosslessSV1, lambda a: imagecodecs.ljpeg_encode(a)),
        (JPEGLSLossless, lambda a: imagecodecs.jpegls_encode(a)),
        (JPEG2000Lossless, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0, reversible=True)),
        (HTJ2KLossless, lambda a: imagecodecs.htj2k_encode(a, reversible=True)),
        (RLELossless, None),
        (ExplicitVRBigEndian, None),
    ],
)
def test_multiframe_in_every_syntax_is_exact_and_in_order(syntax, encode):
    frames = np.random.default_rng(1).integers(0, 4096, (3, 33, 47)).astype(np.uint16)
    dataset = image(frames, stored=12)
    if encode:
        dataset.PixelData = encapsulate([bytes(encode(frame)) for frame in frames])
        dataset["PixelData"].is_undefined_length = True
    elif syntax == RLELossless:
        dataset.compress(RLELossless, encoding_plugin="pylibjpeg")
    else:
        dataset.PixelData = frames.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    assert np.array_equal(np.stack(list(iterate_frames(dataset))), frames)
    assert np.array_equal(decode_frame(dataset, 2), frames[1])


def test_extended_jpeg_of_12_bits_is_read():
    found = decode_frame(sample("JPGExtended.dcm"), 1)
    assert found.dtype == np.uint16
    assert (found.shape, found.min(), found.max()) == ((1024, 256), 0, 264)


def test_bits_above_the_high_bit_are_not_image():
    values = np.array([[0, 1, 4095, 2048]], np.uint16)
    overlay = np.array([[0xF, 0, 0xA, 1]], np.uint16) << 12
    assert np.array_equal(decode_frame(image(values | overlay, stored=12), 1), values)


def test_a_high_bit_above_the_stored_bits_is_shifted_down():
    values = np.array([[0, 1, 4095, 2048]], np.uint16)
    assert np.array_equal(decode_frame(image(values << 4, stored=12, high=15), 1), values)


def test_signed_stored_bits_are_sign_extended():
    values = np.array([[-2048, -1, 0, 2047]], np.int16)
    packed = (values.view(np.uint16) & 0x0FFF).view(np.int16)
    found = decode_frame(image(packed, stored=12), 1)
    assert found.dtype == np.int16
    assert np.array_equal(found, values)


def test_monochrome1_keeps_its_stored_values():
    values = np.array([[0, 100, 255]], np.uint8)
    assert np.array_equal(decode_frame(image(values, PhotometricInterpretation="MONOCHROME1"), 1), values)


@pytest.mark.parametrize(
    "name", ["SC_rgb_jpeg_dcmtk", "SC_rgb_dcmtk_+eb+cy+np", "SC_rgb_rle", "SC_ybr_full_422_uncompressed", "SC_rgb_jpeg_gdcm"]
)
def test_colour_becomes_rgb(name):
    dataset = sample(f"{name}.dcm")
    found = decode_frame(dataset, 1)
    assert found.shape == (dataset.Rows, dataset.Columns, 3)
    assert found.dtype == np.uint8
    red, green, blue = found[5, 50].astype(int)
    assert red > 240
    assert green < 15
    assert blue < 15


def test_palette_becomes_rgb():
    found = decode_frame(sample("examples_palette.dcm"), 1)
    assert found.ndim == 3
    assert found.dtype == np.uint8
    assert np.ptp(found) > 100


def test_real_ct_in_jpeg_2000(test_data):
    path = sorted((test_data / "ct_totalseg_dicom" / "series").iterdir())[0]
    found = decode_frame(dcmread(path), 1)
    assert found.shape == (512, 512)
    assert found.min() < -500 or found.dtype == np.uint16


FAULTS = {
    "no_pixel_data": lambda: Dataset(),
    "unsupported_transfer_syntax": lambda: image(np.zeros((4, 4), np.uint16), syntax="1.2.840.10008.1.2.4.103"),
    "unsupported_pixel_format": lambda: image(np.zeros((4, 4), np.uint32)),
    "pixel_attributes_missing": lambda: image(np.zeros((4, 4), np.uint16), Rows=None),
    "truncated_pixel_data": lambda: image(np.zeros((4, 4), np.uint16), PixelData=b"\0" * 31),
    "corrupt_pixel_data": lambda: image(
        np.zeros((4, 4), np.uint16), syntax=JPEG2000Lossless, PixelData=encapsulate([b"this is no codestream"])
    ),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_has_a_name(code):
    with pytest.raises(PixelError) as fault:
        decode_frame(FAULTS[code](), 1)
    assert fault.value.code == code


def test_truncated_multiframe_is_named():
    dataset = image(np.zeros((3, 4, 4), np.uint16))
    dataset.PixelData = dataset.PixelData[:70]
    with pytest.raises(PixelError) as fault:
        list(iterate_frames(dataset))
    assert fault.value.code == "truncated_pixel_data"


def test_absurd_sizes_are_refused_before_memory_is_taken():
    with pytest.raises(PixelError):
        pixel_format(image(np.zeros((4, 4), np.uint16), Rows=65535, Columns=65535))
