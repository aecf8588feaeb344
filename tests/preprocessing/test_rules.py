"""Rules are taken out, writing is not."""

from __future__ import annotations

import numpy as np
import pytest
from drawnlines import text_line

from ocr.preprocessing.rules import without_rules


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
