"""Normalisation: cameras of any depth become alike, and blanks stay blank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.segmentation.normalise import HIGHEST, LOWEST, noise_level, normalise

SETTINGS = (1.0, 99.8, 20.0)


def discs(seed: int = 0) -> NDArray[np.float64]:
    rows, columns = np.mgrid[:256, :256]
    field = np.random.default_rng(seed).normal(0.0, 1.0, (256, 256))
    for row, column in ((60, 60), (60, 180), (180, 110)):
        field += 200.0 * ((rows - row) ** 2 + (columns - column) ** 2 < 15**2)
    return field


def test_background_becomes_zero_and_objects_one() -> None:
    normalised = normalise(discs(), *SETTINGS)
    assert normalised.dtype == np.float32
    assert abs(float(np.median(normalised))) < 0.03
    assert float(normalised[60, 60]) == pytest.approx(1.0, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.5, 50.0), offset=st.floats(0.0, 2000.0))
def test_gain_and_offset_of_the_camera_do_not_matter(gain: float, offset: float) -> None:
    expected = normalise(discs(), *SETTINGS)
    np.testing.assert_allclose(normalise(discs() * gain + offset, *SETTINGS), expected, atol=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_any_real_type_gives_the_same(dtype: type[np.generic]) -> None:
    recorded = np.clip(np.round(discs() + 20.0), 0, 255)
    np.testing.assert_allclose(normalise(recorded.astype(dtype), *SETTINGS), normalise(recorded, *SETTINGS), atol=1e-6)


@pytest.mark.parametrize("noise", [0.5, 3.0, 40.0])
def test_camera_noise_alone_is_not_stretched(noise: float) -> None:
    camera = np.random.default_rng(1).normal(500.0, noise, (256, 256))
    normalised = normalise(np.round(camera).astype(np.uint16), *SETTINGS)
    assert float(np.percentile(normalised, 99.8)) < 0.5


def test_one_value_everywhere_becomes_zero() -> None:
    for value in (0, 120, 65535):
        assert not normalise(np.full((40, 50), value, np.uint16), *SETTINGS).any()
    assert not normalise(np.full((40, 50), 0.25), *SETTINGS).any()


def test_glare_is_clipped() -> None:
    field = discs()
    field[5, 5], field[9, 9] = 1e6, -1e6
    normalised = normalise(field, *SETTINGS)
    assert (float(normalised.max()), float(normalised.min())) == (HIGHEST, LOWEST)


def test_noise_is_measured_whatever_the_illumination_and_objects() -> None:
    slope = np.linspace(0.0, 300.0, 256)[None, :]
    assert noise_level((discs() * 1.0 + slope).astype(np.float32)) == pytest.approx(1.0, rel=0.3)


def test_a_single_pixel_and_a_single_line_pass() -> None:
    assert normalise(np.ones((1, 1)), *SETTINGS).shape == (1, 1)
    assert normalise(np.arange(9.0)[None], *SETTINGS).shape == (1, 9)
