"""Rules are taken out, writing is not."""

from __future__ import annotations

import numpy as np
import pytest
from drawnlines import text_line

from ocr.preprocessing.rules import between_rules, without_rules


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("gap", [0, 3])
def test_a_line_from_end_to_end_is_taken_out(axis: int, gap: int) -> None:
    """Drawn without ink beneath it, it leaves nothing but paper."""
    line = text_line(margins=(20, 8))
    ruled = line.copy()
    along = ruled if axis == 1 else ruled.T
    along[2:5, gap:] = 0.7
    expected = line.copy()
    np.testing.assert_allclose(without_rules(ruled, axis), expected, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_letters_on_a_rule_keep_what_they_have_more(axis: int) -> None:
    image = np.full((20, 100), 0.5, np.float32)
    image[5:10, 20:25] = 0.9
    cleared = without_rules(image, axis)
    expected = np.zeros_like(image)
    expected[5:10, 20:25] = 0.4
    np.testing.assert_allclose(cleared, expected, atol=1e-6)


def test_writing_stays_as_it_is() -> None:
    line = text_line()
    for axis in (0, 1):
        np.testing.assert_array_equal(without_rules(line, axis), line)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("paper", [0.0, 0.4])
def test_rules_along_the_edges_are_left_out(axis: int, paper: float) -> None:
    image = np.full((24, 300), paper, np.float32)
    across = image.T if axis == 0 else image
    across[:3, 2:] = across[-2:] = paper + 0.5
    assert between_rules(image, axis) == slice(3, len(across) - 2)
    assert between_rules(image, 1 - axis) == slice(0, image.shape[axis])


@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_no_rule_is_not_left_out(axis: int) -> None:
    """Writing that touches the edges, a shadow along one, a rule within, and no paper at all."""
    shadow, within, dark = (np.zeros((24, 300), np.float32) for _ in range(3))
    (shadow if axis == 1 else shadow.T)[:4] = 0.5
    (within if axis == 1 else within.T)[8:10] = 0.5
    dark[:] = 1.0
    for image in (text_line(margins=(0, 0)), shadow, within, dark):
        assert between_rules(image, axis) == slice(0, image.shape[1 - axis])
