"""Display frames are lossless, and their first bytes are a small image."""

from __future__ import annotations

import numpy as np
import pytest

from storage.dicom.htj2k import decode_frame, decompositions, encode_frame, level_offsets


def texture(shape, dtype):
    rng = np.random.default_rng(3)
    info = np.iinfo(dtype)
    return rng.integers(info.min, int(info.max) + 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint8, np.int8])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (512, 512), (186, 40)])
def test_frames_are_lossless(shape, dtype):
    pixels = texture(shape, dtype)
    frame = encode_frame(pixels)
    decoded = decode_frame(frame.data)
    assert decoded.dtype == dtype
    assert np.array_equal(decoded, pixels)


def test_colour_is_lossless():
    pixels = texture((60, 50, 3), np.uint8)
    assert np.array_equal(decode_frame(encode_frame(pixels).data), pixels)


def test_a_prefix_is_the_whole_frame_at_lower_resolution():
    frame = encode_frame(texture((300, 400), np.int16))
    steps = len(frame.levels)
    assert list(frame.levels) == sorted(frame.levels)
    assert frame.levels[-1] == len(frame.data)
    for level, end in enumerate(frame.levels):
        reduce = steps - 1 - level
        assert np.array_equal(decode_frame(frame.data[:end], reduce=reduce), decode_frame(frame.data, reduce=reduce))


@pytest.mark.parametrize(("rows", "columns", "halved"), [(512, 512, 5), (64, 64, 5), (2048, 2048, 5), (3000, 2000, 6), (4096, 4097, 7)])
def test_the_lowest_level_is_a_thumbnail(rows, columns, halved):
    assert decompositions(rows, columns) == halved


def test_what_is_not_a_codestream_is_refused():
    with pytest.raises(ValueError, match="SOC"):
        level_offsets(b"GIF89a")
