"""The body of a line is found where it was drawn, whatever else the crop holds."""

from __future__ import annotations

import numpy as np
import pytest
from drawnlines import inked, text_line, weight_centre

from ocr.options import PreprocessingOptions
from ocr.preprocessing.body import LARGEST_ZOOM, body_zone, own_rows
from ocr.preprocessing.normalize import normalize_line
from ocr.preprocessing.shear import shear
from ocr.types import Float32Array

EVERYTHING = PreprocessingOptions()


@pytest.mark.parametrize(("top", "height"), [(5, 6), (20, 12), (30, 3)])
def test_the_body_of_a_bar_is_where_the_bar_is(top: int, height: int) -> None:
    """The rows of a bar of h deviate from its middle by h / 4 on average: 12 / 4 = 3 h."""
    image = np.zeros((48, 100), np.float32)
    image[top : top + height, 10:90] = 1
    body = body_zone(image)
    assert body.centre == pytest.approx(top + height / 2, abs=0.5)
    assert body.height == pytest.approx(np.clip(3 * height, 48 / LARGEST_ZOOM, 96), rel=0.05)


@pytest.mark.parametrize("size", [16, 30, 60, 110])
@pytest.mark.parametrize("margins", [(0.2, 0.1), (0.7, 0.3), (2.0, 0.5)])
def test_the_body_has_one_size_whatever_the_scale_and_the_crop(
    size: int, margins: tuple[float, float]
) -> None:
    """``margins`` in font sizes. x-height and length of the ink against those of one crop."""

    def measured(image: Float32Array) -> tuple[int, int]:
        values = normalize_line(image, EVERYTHING).values
        (left, right), (top, bottom) = inked(values, 0), inked(values, 1)
        return right - left + 1, bottom - top + 1

    beside, above = round(margins[0] * size), round(margins[1] * size)
    words = "no summer moon ever rose so near our room"
    expected = measured(text_line(words, 40, (20, 12)))
    assert measured(text_line(words, size, (beside, above))) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("margins", [(2, 14), (14, 2)])
def test_the_body_stands_in_the_middle_wherever_it_was_in_the_crop(
    margins: tuple[int, int],
) -> None:
    line = np.pad(text_line(margins=(20, 0)), (margins, (0, 0)))
    assert weight_centre(normalize_line(line, EVERYTHING).values) == pytest.approx(24, abs=2)


@pytest.mark.parametrize("height", [16, 32, 48, 97])
def test_lines_have_the_height_that_was_asked_for(height: int) -> None:
    line = normalize_line(text_line(), PreprocessingOptions(height=height))
    assert line.values.shape[0] == height
    first, last = inked(line.values, 1)
    assert first > 0
    assert last < height - 1
    assert 0.4 * height < last - first


# --- neighbours --------------------------------------------------------------------------


@pytest.mark.parametrize(("above", "below"), [(8, 0), (0, 8), (12, 12), (16, 4)])
def test_slices_of_the_lines_above_and_below_change_nothing(above: int, below: int) -> None:
    """So many rows of other lines of the same size, 12 rows away."""
    line, other = text_line(size=40, margins=(20, 6)), text_line("on", 40, (20, 6))
    other = np.tile(other, line.shape[1] // other.shape[1] + 1)[:, : line.shape[1]]
    alone = np.pad(line, ((above, below), (0, 0)))
    amid = alone.copy()
    amid[:above] = other[len(other) - 6 - above : -6]
    amid[len(amid) - below :] = other[6 : 6 + below]
    expected, found = body_zone(alone), body_zone(amid)
    assert found.centre == pytest.approx(expected.centre, abs=0.5)
    assert found.height == pytest.approx(expected.height, rel=0.1)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([0, 0, 5, 9, 5, 0, 0], (0, 7)),  # nothing lies beyond the empty rows
        ([8, 4, 0, 0, 5, 9, 5, 0, 3], (4, 7)),  # slices of two neighbours
        ([0, 9, 3, 3, 3, 9, 0], (0, 7)),  # the serifs of typescript, with letters between
        ([0, 0, 1, 0, 9, 9, 9, 0, 0], (4, 9)),  # dots
        ([6, 0, 5, 9, 1, 9, 5, 0, 6], (2, 4)),  # two lines and two slices: the first of the two
    ],
)
def test_a_line_reaches_to_the_valleys_around_its_heaviest_rows(
    rows: list[int], expected: tuple[int, int]
) -> None:
    assert own_rows(np.array(rows, np.float32)) == expected


def test_a_line_at_the_middle_goes_before_an_equal_one_at_the_edge() -> None:
    rows = np.array([9, 9, 0, 0, 9, 9, 0, 0, 0], np.float32)
    assert own_rows(rows) == (4, 9)
    assert own_rows(rows[::-1]) == (0, 5)


# --- rules -------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [0.0, 0.02])
def test_ruled_lines_and_the_walls_of_a_cell_change_nothing(skew: float) -> None:
    line = shear(text_line(size=40, margins=(20, 14)), skew, axis=1)
    ruled = text_line(size=40, margins=(20, 14))
    ruled[2:4] = ruled[-4:-2] = ruled[-14:-12] = 1
    ruled = shear(ruled, skew, axis=1)
    ruled[:, :3] = ruled[:, -3:] = 1
    expected, found = body_zone(line, skew), body_zone(ruled, skew)
    assert found.centre == pytest.approx(expected.centre, abs=1)
    assert found.height == pytest.approx(expected.height, rel=0.1)
