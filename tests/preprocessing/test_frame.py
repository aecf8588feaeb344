"""What lies around the paper becomes paper, and writing never does."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from drawnlines import text_line

from ocr.preprocessing.frame import without_frame, without_ground
from ocr.types import Float32Array

PAPER = 0.2
KERNEL = np.ones((5, 5), np.uint8)


def photographed() -> Float32Array:
    return np.asarray(PAPER + 0.6 * text_line(), np.float32)


# --- frames ------------------------------------------------------------------------------


@pytest.mark.parametrize("tone", [0.0, 1.0])
@pytest.mark.parametrize("margin", [3, 20, 40])
def test_a_margin_of_white_or_black_becomes_like_the_paper(tone: float, margin: int) -> None:
    line = photographed()
    framed = np.pad(line, margin, constant_values=tone)
    expected = np.pad(line, margin, constant_values=PAPER)
    np.testing.assert_allclose(without_frame(framed), expected, atol=0.02)


@pytest.mark.parametrize("tone", [0.0, 1.0])
def test_the_corners_of_a_turned_line_become_like_its_paper(tone: float) -> None:
    line = photographed()
    height, width = line.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1)
    turn[1, 2] += 20
    size = (width, height + 40)
    framed, expected = (
        cv2.warpAffine(line, turn, size, borderValue=around) for around in (tone, PAPER)
    )
    rim = cv2.dilate(
        cv2.Canny(np.asarray(np.abs(framed - expected) > 0.02, np.uint8), 0, 1), KERNEL
    )
    different = np.abs(without_frame(framed) - expected) > 0.02
    assert (np.abs(framed - expected) > 0.02).mean() > 0.3
    assert not different[rim == 0].any(), "but for the blurred rim"


def test_a_tall_strip_takes_little_room() -> None:
    strip = np.pad(np.full((1980, 30), PAPER, np.float32), 10)
    tracemalloc.start()
    cleared = without_frame(strip)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(cleared, PAPER)
    assert peak < 20 * strip.nbytes


@pytest.mark.parametrize("quality", [75, 90])
def test_a_frame_is_known_after_jpeg(quality: int) -> None:
    framed = np.pad(photographed(), 20, constant_values=1.0)
    _, code = cv2.imencode(".jpg", 255 - 255 * framed, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
    cleared = without_frame(np.asarray(1 - decoded / np.float32(255), np.float32))
    assert np.abs(cleared[:17] - PAPER).max() < 0.1
    assert np.abs(cleared[:, :17] - PAPER).max() < 0.1


def test_a_mask_along_an_outline_spares_the_strokes_that_touch_it() -> None:
    """Black strokes of a scan of two tones, running into a black mask."""
    line = np.zeros((60, 400), np.float32)
    for left in range(20, 380, 20):
        line[20:, left : left + 3] = 1
    masked = line.copy()
    masked[:8] = masked[-12:] = 1
    cleared = without_frame(masked)
    np.testing.assert_array_equal(cleared[:8], 0)
    np.testing.assert_array_equal(cleared[12:44], line[12:44])


@pytest.mark.parametrize("size", [16, 30, 60])
@pytest.mark.parametrize("text", ["the quick brown fox", "16", "9.", "l", "-", "rumour"])
@pytest.mark.parametrize("inverted", [False, True])
def test_writing_on_pure_white_or_black_stays(size: int, text: str, inverted: bool) -> None:
    for blur in (0, 1, 2):
        line = text_line(text, size, (8, 8))
        line = cv2.GaussianBlur(line, (0, 0), blur) if blur else line
        image = 1 - line if inverted else line
        assert np.abs(without_frame(image) - image).max() < 0.1


def test_a_grey_line_without_a_frame_stays() -> None:
    line = photographed()
    np.testing.assert_array_equal(without_frame(line), line)


# --- beside the page ---------------------------------------------------------------------


@pytest.mark.parametrize("beyond", [0, 12])
@pytest.mark.parametrize("turned", [False, True])
def test_the_edge_of_a_page_and_what_lies_beyond_are_paper(beyond: int, turned: bool) -> None:
    """A bar of a tenth of the rows and more, darker than any paper; beyond it white."""
    line = photographed()
    bar, white = np.full((8, line.shape[1]), 0.95), np.zeros((beyond, line.shape[1]))
    photo = np.concatenate([line, bar, white]).astype(np.float32)
    expected = np.concatenate([line, np.full((8 + beyond, line.shape[1]), 0.2)])
    if turned:
        photo, expected = photo[::-1], expected[::-1]
    np.testing.assert_allclose(without_ground(photo), expected, atol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(2, 1.0), (8, 0.8)])
def test_ruled_lines_and_thick_strokes_stay(rows: int, columns: float) -> None:
    line = photographed()
    line[-rows:, : int(columns * line.shape[1])] = 0.95
    np.testing.assert_array_equal(without_ground(line), line)


def test_a_crop_that_is_dark_all_over_stays() -> None:
    image = np.full((40, 200), 0.97, np.float32)
    image[18:22] = 0.0
    np.testing.assert_array_equal(without_ground(image), image)
