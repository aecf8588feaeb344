"""The picture of a page with its lines, looked at pixel by pixel."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ocr.preprocessing.overlay import LONGEST_SIDE, overlay
from ocr.types import Line

BOX = ((60.0, 40.0), (260.0, 40.0), (260.0, 80.0), (60.0, 80.0))


def picture(ink: np.ndarray, *lines: Line) -> np.ndarray:
    """(H, W, 3) RGB."""
    return np.asarray(Image.open(io.BytesIO(overlay(ink, lines))).convert("RGB"), np.int32)


def test_outline_baseline_and_number_stand_where_the_line_is() -> None:
    seen = picture(np.zeros((120, 300), np.float32), Line("l1", BOX, ((60, 70), (260, 70))))
    assert seen.shape == (120, 300, 3)
    coloured = (seen < 200).any(axis=2)
    assert coloured[39:41, 100:250].any(axis=0).all()
    red = (seen[..., 0] > 150) & (seen[..., 1] < 150)
    assert red[69:71, 70:250].any(axis=0).all()
    assert coloured[40:60, 40:58].any()  # the number, left of the outline
    assert not coloured[90:].any()
    assert not coloured[45:65, 70:250].any()


def test_an_outline_between_two_rows_colours_both_alike() -> None:
    seen = picture(np.zeros((120, 300), np.float32), Line("l1", BOX, ()))
    above, below = seen[39, 100:250], seen[40, 100:250]
    assert (above.min(axis=1) < 200).all()
    np.testing.assert_allclose(above, below, atol=8)


def test_ink_shows_through_and_a_page_without_lines_is_only_paler() -> None:
    ink = np.zeros((50, 80), np.float32)
    ink[20:30, 30:50] = 1
    seen = picture(ink)
    assert (seen[:15] == 255).all()
    assert ((seen[22:28, 32:48] > 60) & (seen[22:28, 32:48] < 140)).all()


def test_a_large_page_is_drawn_smaller_with_its_lines_in_place() -> None:
    ink = np.zeros((3 * LONGEST_SIDE, 1500), np.float32)
    box = tuple((3 * x, 3 * y) for x, y in BOX)
    seen = picture(ink, Line("l1", box, ()))
    assert seen.shape == (LONGEST_SIDE, 500, 3)
    assert (seen[39:41, 100:250] < 200).any(axis=(0, 2)).all()


def test_a_line_at_the_left_edge_keeps_its_number_on_the_picture() -> None:
    corner = ((0.0, 0.0), (30.0, 0.0), (30.0, 20.0))
    seen = picture(np.zeros((40, 60), np.float32), Line("l1", corner, ()))
    assert (seen[5:25, :8] < 200).any()
