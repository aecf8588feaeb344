"""Planted truth: what was done to a clean line is what normalisation finds and undoes."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from drawnlines import text_line
from PIL import Image

from ocr.options import PreprocessingOptions
from ocr.preprocessing import normalized, preprocess
from ocr.preprocessing.normalize import (
    LARGEST_SKEW,
    LARGEST_SLANT,
    LARGEST_WIDTH,
    MARGIN,
    NormalizedLine,
    normalize_line,
)
from ocr.preprocessing.shear import best_shear, shear
from ocr.types import Float32Array

EVERYTHING = PreprocessingOptions()
NOTHING = PreprocessingOptions(background=False, deskew=False, deslant=False)


# --- crooked lines --------------------------------------------------------------------


@pytest.mark.parametrize("skew", [-0.03, 0.0, 0.03])
@pytest.mark.parametrize("slant", [-0.4, 0.0, 0.5])
def test_a_normalised_line_is_level_and_upright(skew: float, slant: float) -> None:
    crooked = shear(shear(text_line(), -slant, 0), skew, 1)
    values = normalize_line(crooked, EVERYTHING).values
    assert best_shear(values, LARGEST_SKEW, 1) == pytest.approx(0, abs=0.01)
    assert best_shear(values, LARGEST_SLANT, 0) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("margin", [25, 40])
def test_the_slant_is_found_in_a_generous_crop(margin: int) -> None:
    leaning = shear(text_line(margins=(20, margin)), -0.4, 0)
    values = normalize_line(leaning, EVERYTHING).values
    assert best_shear(values, LARGEST_SLANT, 0) == pytest.approx(0, abs=0.1)


# --- odd sizes ---------------------------------------------------------------------------

SIZES = [(1, 1), (1, 2), (1, 50), (50, 1), (2, 2), (3, 700), (700, 3), (2000, 50), (1, 100_000)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("content", ["paper", "ink", "grain"])
@pytest.mark.parametrize("options", [EVERYTHING, NOTHING])
def test_images_of_any_size_become_lines(
    size: tuple[int, int], content: str, options: PreprocessingOptions
) -> None:
    image = {
        "paper": np.zeros(size, np.float32),
        "ink": np.ones(size, np.float32),
        "grain": np.random.default_rng(0).random(size, dtype=np.float32),
    }[content]
    before = image.copy()
    assert_well_formed(normalize_line(image, options), size[1])
    np.testing.assert_array_equal(image, before)


def assert_well_formed(line: NormalizedLine, source_width: int, height: int = 48) -> None:
    assert line.values.dtype == line.edges.dtype == np.float32
    assert line.values.shape[0] == height
    assert line.edges.shape == (line.values.shape[1] + 1,)
    assert 2 * MARGIN < line.values.shape[1] <= LARGEST_WIDTH
    assert np.isfinite(line.values).all()
    assert line.values.min() >= 0
    assert line.values.max() <= 1
    assert (np.diff(line.edges) >= 0).all()
    assert (line.edges[0], line.edges[-1]) == (0, source_width)


def test_absurdly_wide_lines_take_bounded_memory() -> None:
    image = np.zeros((24, 150_000), np.float32)
    x = np.arange(150_000)
    for y in range(24):  # strokes leaning by 45 degrees, which need the widest margins
        image[y, (x + y) % 12 < 3] = 1
    tracemalloc.start()
    line = normalize_line(image, EVERYTHING)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_well_formed(line, 150_000)
    assert peak < 8 * image.nbytes


# --- back to source pixels ---------------------------------------------------------------


def bars(width: int, places: list[int], slant: float = 0.0, skew: float = 0.0) -> Float32Array:
    """Upright bars 3 px wide over the middle half of a line of 40 px, then sheared about the
    middle; their x in the middle row (of a level line) is ``places``."""
    image = np.zeros((40, width), np.float32)
    for x in places:
        image[10:30, x - 1 : x + 2] = 1
    return shear(shear(image, -slant, 0), skew, 1)


@pytest.mark.parametrize(
    "options",
    [EVERYTHING, NOTHING, PreprocessingOptions(height=32), PreprocessingOptions(deslant=False)],
)
def test_edges_say_where_in_the_source_a_column_was(options: PreprocessingOptions) -> None:
    places = [30, 71, 135, 208, 300, 388]
    assert_found(normalize_line(bars(420, places), options), [x + 0.5 for x in places], 1.0)


@pytest.mark.parametrize("slant", [-0.5, 0.4])
@pytest.mark.parametrize("skew", [-0.04, 0.0, 0.04])
def test_edges_hold_on_the_middle_row_of_crooked_lines(slant: float, skew: float) -> None:
    places = [30, 71, 105, 135, 172, 208, 240, 271, 300, 333, 388]
    image = bars(420, places, slant, skew)
    moved = (image.shape[1] - 420) / 2
    expected = [x + 0.5 + moved for x in places]
    assert_found(normalize_line(image, EVERYTHING), expected, 2.0)


def assert_found(line: NormalizedLine, places: list[float], tolerance: float) -> None:
    """Every bar lies in the column whose edges bracket its x, within ``tolerance`` source px."""
    profile = line.values[len(line.values) // 2 - 2 : len(line.values) // 2 + 2].max(axis=0)
    strokes = np.flatnonzero(np.diff((profile > 0.3).astype(int), prepend=0, append=0))
    found = [(line.edges[a] + line.edges[b]) / 2 for a, b in strokes.reshape(-1, 2)]
    assert found == pytest.approx(places, abs=tolerance)


def test_the_margins_belong_to_the_ends_of_the_source() -> None:
    line = normalize_line(bars(420, [100, 300]), NOTHING)
    assert (line.edges[: MARGIN + 1] == 0).all()
    assert (line.edges[-MARGIN - 1 :] == 420).all()
    inside = np.diff(line.edges[MARGIN:-MARGIN])
    np.testing.assert_allclose(inside[1:-1], inside[1], rtol=1e-3)


# --- switches ----------------------------------------------------------------------------


def test_deskew_and_deslant_off_leave_the_slopes() -> None:
    ink = text_line()
    climbing, leaning = shear(ink, 0.06, 1), shear(ink, -0.5, 0)
    level = normalize_line(climbing, PreprocessingOptions(deslant=False)).values
    left = normalize_line(climbing, PreprocessingOptions(deskew=False, deslant=False)).values
    assert best_shear(level, LARGEST_SKEW, 1) == pytest.approx(0, abs=0.01)
    assert best_shear(left, LARGEST_SKEW, 1) == pytest.approx(0.06, abs=0.01)
    upright = normalize_line(leaning, PreprocessingOptions(deskew=False)).values
    left = normalize_line(leaning, PreprocessingOptions(deslant=False)).values
    assert best_shear(upright, LARGEST_SLANT, 0) == pytest.approx(0, abs=0.1)
    assert best_shear(left, LARGEST_SLANT, 0) == pytest.approx(0.5, abs=0.1)


def test_background_off_leaves_the_tone() -> None:
    """Paper and strokes keep their greys; only margins of white are added."""
    photo = (0.2 + 0.3 * text_line()).astype(np.float32)
    values = normalize_line(photo, NOTHING).values
    middle = values[20:28, 2 * MARGIN : -2 * MARGIN]
    assert np.percentile(middle, 10) == pytest.approx(0.2, abs=0.02)
    assert middle.max() == pytest.approx(0.5, abs=0.05)


def test_with_everything_off_a_line_is_only_scaled_and_centred() -> None:
    """Against OpenCV's own scaling of the same crop, at a scale that needs no area filter."""
    ink = cv2.GaussianBlur(text_line(size=14, margins=(6, 6)), (5, 5), 1)
    line = normalize_line(ink, NOTHING)
    source = line.edges[MARGIN + 1] - line.edges[MARGIN]
    width, height = (round(side / source) for side in reversed(ink.shape))
    scaled = cv2.resize(ink, (width, height), interpolation=cv2.INTER_LINEAR)
    body = line.values[:, MARGIN : MARGIN + width]
    padded = np.pad(scaled, ((48, 48), (0, 0)))
    differences = [
        float(np.abs(body - padded[top : top + 48]).mean()) for top in range(len(padded) - 47)
    ]
    assert 1 / source > 1
    assert min(differences) < 0.05 * scaled[scaled > 0.1].mean()


# --- the whole way -----------------------------------------------------------------------


def test_columns_are_the_normalised_line_of_the_file() -> None:
    image = Image.fromarray(np.round(255 - 255 * text_line()).astype(np.uint8))
    line, columns = normalized(image, EVERYTHING), preprocess(image, EVERYTHING)
    np.testing.assert_array_equal(columns.values, line.values.T)
    np.testing.assert_array_equal(columns.edges, line.edges)
    expected = normalize_line(text_line(), EVERYTHING)
    np.testing.assert_allclose(line.values, expected.values, atol=0.02)
