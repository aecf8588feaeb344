"""Writing of any colour on any ground becomes dark on white paper."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from drawnlines import text_line

from ocr.options import PreprocessingOptions
from ocr.preprocessing.normalize import normalize_line
from ocr.preprocessing.paper import STROKE_INK, flatten_background, upright_polarity
from ocr.types import Float32Array

EVERYTHING = PreprocessingOptions()


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


def test_a_large_photograph_of_a_board_is_turned_quickly() -> None:
    photo = np.full((3000, 4000), 0.7, np.float32)  # a board, with a shadow
    photo[:, 3500:] = 0.85
    for left in range(300, 3200, 800):
        photo[1000:2000, left : left + 150] = 0.1  # chalk
    start = time.process_time()
    turned = upright_polarity(photo)
    assert time.process_time() - start < 3
    np.testing.assert_array_equal(turned, 1 - photo)


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


@pytest.mark.parametrize("side", [0, 1])
def test_letters_beside_a_dark_edge_are_not_taken_for_paper(side: int) -> None:
    line = 0.2 + 0.6 * text_line(margins=(6, 8))
    edged = line.copy()
    edged[:, (slice(3), slice(-3, None))[side]] = 0.9
    letters = np.s_[:, 6:-6]
    expected, found = flatten_background(line), flatten_background(edged)
    np.testing.assert_allclose(found[letters], expected[letters], atol=0.1)


@pytest.mark.parametrize("axis", [0, 1])
def test_ruled_lines_do_not_make_faint_writing_fainter(axis: int) -> None:
    line = 0.1 + 0.25 * text_line()
    ruled = line.copy()
    ruled[(np.s_[-3:], np.s_[:, :3])[axis]] = 0.95
    strokes = text_line() > 0.9
    strokes[-8:] = strokes[:, :8] = False
    expected, found = (flatten_background(image)[strokes].mean() for image in (line, ruled))
    assert found == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("width", [120, 600])
def test_the_walls_of_a_cell_do_not_make_its_corners_dark_paper(width: int) -> None:
    """Of faint writing near them, nothing is lost."""
    line = 0.1 + 0.2 * cv2.resize(text_line(), (width, 48))
    cell = line.copy()
    cell[:2] = cell[-2:] = cell[:, :2] = cell[:, -2:] = 0.85
    inside = np.s_[4:-4, 4:-4]
    expected, found = flatten_background(line), flatten_background(cell)
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.15)
