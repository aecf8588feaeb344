"""Line or page: drawn lines and pages at the sizes that scanners and phones deliver."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawnpages import DrawnPage
from fontfiles import dejavu
from PIL import ImageFont

from ocr.preprocessing.kind import is_page
from ocr.preprocessing.segment import segment
from ocr.types import Float32Array


def line(size: int, text: str = "halfpenny minimum of the onset") -> Float32Array:
    """A line cut as segmentation tools cut it, with a slice of the line below."""
    page = DrawnPage(20 * size, round(1.9 * size), size)
    page.write(size // 2, 1.2 * size, text)
    page.write(size // 2, 2.4 * size, text)
    return page.ink()


def page(size: int, lines: int = 12) -> Float32Array:
    drawn = DrawnPage(18 * size, round(1.6 * size * (lines + 2)), size)
    drawn.column(size, 15 * size, [1.6 * size * (n + 1.5) for n in range(lines)])
    return drawn.ink()


@pytest.mark.parametrize("size", [16, 32, 100, 250])
def test_a_line_is_a_line_at_any_size(size: int) -> None:
    assert not is_page(line(size))
    assert not is_page(1 - line(size))


@pytest.mark.parametrize("text", ["I", "27", "onset"])
def test_a_short_line_is_a_line(text: str) -> None:
    assert not is_page(line(64, text)[:, : 40 + 40 * len(text)])


@pytest.mark.parametrize("period", [2, 6, 10])
@pytest.mark.parametrize("fall", [0, 12])
def test_a_line_on_a_dotted_rule_is_a_line(period: int, fall: int) -> None:
    """Whose dots have more edges than the text, and which need not be level."""
    page = DrawnPage(1900, 130, 60)
    page.write(20, 90, "onset quill")
    for x in range(0, 1900, period):
        y = 96 + fall * x // 1900
        page.draw.rectangle((x, y, x + period // 2 - 1, y + 2), fill=60)
    assert not is_page(page.ink())


@pytest.mark.parametrize("size", [20, 32, 48])
def test_a_page_is_a_page(size: int) -> None:
    assert is_page(page(size))


@pytest.mark.parametrize("face", ["DejaVuSans-Bold", "DejaVuSerif"])
@pytest.mark.parametrize("size", [60, 80, 120])
def test_a_label_of_large_letters_is_a_page(face: str, size: int) -> None:
    """As large as what is no writing on another page."""
    label, rows = DrawnPage(840, 600), range(size + 16, 592, round(1.6 * size))
    font = ImageFont.truetype(dejavu(face), size)
    for row in rows:
        label.draw.text(
            (24, row), "quills of Thebes"[: 1000 // size], fill=0, font=font, anchor="ls"
        )
    assert is_page(label.ink())
    assert len(segment(label.ink())) == len(rows)


def test_a_paragraph_is_a_page_and_two_lines_are_not() -> None:
    assert is_page(page(30, lines=4))
    assert not is_page(page(30, lines=1))


def test_an_empty_page_is_a_page_and_a_blank_strip_is_not() -> None:
    assert is_page(np.zeros((1754, 1240), np.float32))
    assert not is_page(np.zeros((60, 900), np.float32))
    assert not is_page(np.zeros((1, 1), np.float32))


def test_a_title_page_is_a_page() -> None:
    title = DrawnPage(1000, 1500, 60)
    title.write(250, 500, "Of Quills")
    assert is_page(title.ink())
    for factor in (0.5, 0.49, 0.25):
        small = cv2.resize(title.ink(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        assert is_page(np.asarray(small, np.float32))
