"""Planted truth: what was done to a clean line is what normalisation finds and undoes."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.options import PreprocessingOptions
from ocr.preprocessing import normalized, preprocess
from ocr.preprocessing.normalize import (
    LARGEST_SKEW,
    LARGEST_SLANT,
    LARGEST_WIDTH,
    LARGEST_ZOOM,
    MARGIN,
    STROKE_INK,
    NormalizedLine,
    best_shear,
    body_zone,
    flatten_background,
    normalize_line,
    shear,
    upright_polarity,
)
from ocr.types import Float32Array

TEXT = "the quick brown fox jumps over lazy dogs"
EVERYTHING = PreprocessingOptions()
NOTHING = PreprocessingOptions(background=False, deskew=False, deslant=False)


def text_line(text: str = TEXT, size: int = 30, margins: tuple[int, int] = (20, 8)) -> Float32Array:
    """Ink of a level, upright line; ``size`` and ``margins`` (beside, above and below) in px."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    size_px = int(right - left) + 2 * margins[0], int(bottom - top) + 2 * margins[1]
    image = Image.new("L", size_px, 0)
    ImageDraw.Draw(image).text((margins[0] - left, margins[1] - top), text, font=font, fill=255)
    return np.asarray(image).astype(np.float32) / 255


def inked(values: Float32Array, axis: int) -> tuple[int, int]:
    """First and last index along the other axis that holds ink of at least 0.3."""
    places = np.flatnonzero(values.max(axis=axis) >= 0.3)
    return int(places[0]), int(places[-1])


def weight_centre(values: Float32Array) -> float:
    return float((values.sum(axis=1) * (np.arange(len(values)) + 0.5)).sum() / values.sum())


# --- shears ------------------------------------------------------------------------------


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


# --- body and size -----------------------------------------------------------------------


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


# --- background --------------------------------------------------------------------------


def papers(shape: tuple[int, int]) -> dict[str, Float32Array]:
    """Ink of the paper itself, 0..1."""
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    y = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    return {
        "white": 0 * x * y,
        "gradient": 0.05 + 0.5 * x + 0 * y,
        "corner": 0.2 + 0.3 * x + 0.15 * y,
        "dark": 0.6 + 0 * x * y,
    }


@pytest.mark.parametrize("paper", ["white", "gradient", "corner", "dark"])
@pytest.mark.parametrize("contrast", [1.0, 0.5, 0.25])
def test_uneven_paper_becomes_white_and_strokes_dark(paper: str, contrast: float) -> None:
    ink = text_line()
    ground = papers(ink.shape)[paper]
    photo = ground + (1 - ground) * contrast * ink  # reflectances multiply
    flat = flatten_background(photo.astype(np.float32))
    far = cv2.dilate(ink, np.ones((5, 5))) < 0.01
    assert flat[far].mean() < 0.02
    assert np.percentile(flat[far], 95) < 0.05
    assert flat[ink > 0.95].mean() == pytest.approx(STROKE_INK, abs=0.1)
    assert flat.min() >= 0
    assert flat.max() <= 1


def test_the_paper_of_a_photograph_is_white_in_the_line() -> None:
    ink = text_line()
    ground = papers(ink.shape)["gradient"]
    photo = (ground + (1 - ground) * 0.4 * ink).astype(np.float32)
    clean, line = normalize_line(ink, EVERYTHING), normalize_line(photo, EVERYTHING)
    assert line.values.shape == pytest.approx(clean.values.shape, rel=0.03)
    assert np.median(line.values) < 0.01
    assert line.values.mean() == pytest.approx(clean.values.mean(), rel=0.15)


@pytest.mark.parametrize("paper", [0.0, 0.1, 0.3])
def test_white_writing_on_black_is_turned(paper: float) -> None:
    ink = text_line()
    photo = (paper + (1 - paper) * 0.8 * ink).astype(np.float32)
    np.testing.assert_array_equal(upright_polarity(photo), photo)
    np.testing.assert_allclose(upright_polarity(1 - photo), photo, atol=1e-6)
    turned, upright = (normalize_line(image, EVERYTHING) for image in (1 - photo, photo))
    np.testing.assert_allclose(turned.values, upright.values, atol=0.02)


def test_a_dark_photograph_with_a_bright_edge_is_not_inverted() -> None:
    photo = np.full((60, 600), 0.6, np.float32)
    for left in range(40, 500, 24):
        photo[20:40, left : left + 3] = 0.85
    photo[:, 560:] = 0.0  # the white table beside the sheet
    low, middle, high = np.percentile(photo, (2, 50, 98))
    assert middle - low > high - middle, "told by the percentiles alone, it would be"
    np.testing.assert_array_equal(upright_polarity(photo), photo)


@pytest.mark.parametrize("level", [0.0, 0.1, 0.3, 0.45, 0.5, 0.7, 0.9, 0.97, 1.0])
@pytest.mark.parametrize("options", [EVERYTHING, PreprocessingOptions(deskew=False)])
def test_blank_paper_of_any_tone_stays_blank(level: float, options: PreprocessingOptions) -> None:
    line = normalize_line(np.full((40, 300), level, np.float32), options)
    assert line.values.shape[0] == 48
    assert not line.values.any()


def test_faint_marks_are_not_lifted_without_end() -> None:
    """The gain has a limit, or the grain of blank paper would become writing."""
    noise = np.random.default_rng(0).normal(0, 0.005, (40, 300))
    values = normalize_line((0.3 + noise).astype(np.float32), EVERYTHING).values
    assert 0 < values.max() < 0.5
    assert values.mean() < 0.05


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
