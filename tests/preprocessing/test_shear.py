"""A shear moves what the formula says, and a planted one is found."""

from __future__ import annotations

import numpy as np
import pytest
from drawnlines import text_line

from ocr.preprocessing.normalize import LARGEST_SKEW, LARGEST_SLANT
from ocr.preprocessing.shear import best_shear, shear


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.25, 1.0])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_shear_moves_a_point_as_the_formula_says(slope: float, axis: int) -> None:
    height, width = (9, 41) if axis == 1 else (41, 9)
    y, x = (4, 32) if axis == 1 else (32, 4)  # 12 from the middle: every shift is whole
    image = np.zeros((height, width), np.float32)
    image[y, x] = 1
    moved = shear(image, slope, axis)
    room = int(np.ceil(abs(slope) * 41 / 2))
    shift = room + round(slope * 12)
    expected = (y + shift, x) if axis == 1 else (y, x + shift)
    assert np.argwhere(moved > 0.99).tolist() == [list(expected)]
    assert moved.shape == ((9 + 2 * room, 41) if axis == 1 else (41, 9 + 2 * room))


@pytest.mark.parametrize("axis", [0, 1])
def test_a_shear_loses_no_ink(axis: int) -> None:
    image = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    for slope in (-0.7, 0.13):
        assert shear(image, slope, axis).sum() == pytest.approx(image.sum(), rel=0.01)


@pytest.mark.parametrize("skew", [-0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1])
def test_a_planted_skew_is_found(skew: float) -> None:
    assert best_shear(shear(text_line(), skew, 1), LARGEST_SKEW, 1) == pytest.approx(skew, abs=0.01)


@pytest.mark.parametrize("slant", [-0.6, -0.3, 0.0, 0.3, 0.6, 0.9])
def test_a_planted_slant_is_found(slant: float) -> None:
    """Positive leans to the right: what is higher, at a smaller y, lies further right."""
    leaning = shear(text_line(), -slant, 0)
    assert best_shear(leaning, LARGEST_SLANT, 0) == pytest.approx(slant, abs=0.1)


def test_a_blank_image_has_no_slope() -> None:
    for axis in (0, 1):
        assert best_shear(np.zeros((10, 30), np.float32), 0.5, axis) == 0
