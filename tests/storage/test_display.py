"""Rescale, windows and what a person sees."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from storage.dicom.display import CT_PRESETS, Window, percentile_window, presets, rescale_of, to_grey, windows_of


def enhanced() -> Dataset:
    dataset = Dataset()
    dataset.PerFrameFunctionalGroupsSequence = []
    for number in (1, 2):
        transform, voi, item = Dataset(), Dataset(), Dataset()
        transform.RescaleSlope, transform.RescaleIntercept = number, -number
        voi.WindowCenter, voi.WindowWidth = 10 * number, 100
        item.PixelValueTransformationSequence, item.FrameVOILUTSequence = [transform], [voi]
        dataset.PerFrameFunctionalGroupsSequence.append(item)
    return dataset


def test_rescale_is_read_per_frame():
    assert [rescale_of(enhanced(), frame) for frame in (1, 2)] == [(1.0, -1.0), (2.0, -2.0)]
    assert rescale_of(Dataset()) == (1.0, 0.0)


def test_windows_are_read_per_frame_and_bad_ones_left_out():
    assert windows_of(enhanced(), 2) == [Window(20.0, 100.0, "Default")]
    dataset = Dataset()
    dataset.WindowCenter, dataset.WindowWidth = [40, 300, 7], [400, 1500, 0]
    assert [(w.center, w.width) for w in windows_of(dataset)] == [(40.0, 400.0), (300.0, 1500.0)]


def test_ct_has_presets_and_mr_a_percentile_window():
    assert [window.label for window in presets("CT", [], None)] == [label for *_, label in CT_PRESETS]
    window = presets("MR", [], np.arange(1001.0))[0]
    assert 950 < window.width < 1000
    assert presets("DX", [], None) == [Window(127.5, 255.0, "Full range")]


def test_background_zeros_do_not_flatten_the_window():
    values = np.zeros(1000)
    values[:100] = np.linspace(500, 600, 100)
    assert percentile_window(values).center > 500
    assert percentile_window(np.array([])).width == 1.0


def test_grey_follows_the_linear_function_of_the_standard():
    window = Window(128.0, 256.0, "")
    assert to_grey(np.array([-10, 0, 255, 400]), window, inverted=False).tolist() == [0, 0, 255, 255]
    assert to_grey(np.array([0, 255]), window, inverted=True).tolist() == [255, 0]
