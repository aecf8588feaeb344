"""Pages drawn with known lines, for the tests of segmentation, and what must hold of any result."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np
from fontfiles import dejavu
from PIL import Image, ImageDraw, ImageFont

from ocr.types import Float32Array, Line, Point

X_HEIGHT = 0.52  # of DejaVu Serif's size, as its file gives it; DejaVu Sans has 0.55
WORDS = ("gypsy", "minimum", "fjord", "a", "halfpenny", "of", "Thebes", "quill", "onset", "bly")
Stretch = tuple[Point, Point]  # the ends of a baseline


class DrawnPage:
    """White paper on which every line that is written is noted down.

    truth  the baselines in the order in which they were written
    """

    def __init__(self, width: int = 800, height: int = 700, size: int = 32) -> None:
        self.image = Image.new("L", (width, height), 255)
        self.draw = ImageDraw.Draw(self.image)
        self.size = size
        self.truth: list[Stretch] = []
        self._choose = random.Random(size)

    def write(self, left: float, baseline: float, text: str, size: int | None = None) -> None:
        font = ImageFont.truetype(dejavu("DejaVuSerif"), size or self.size)
        self.draw.text((left, baseline), text, fill=0, font=font, anchor="ls")
        self.truth.append(((left, baseline), (left + font.getlength(text), baseline)))

    def column(
        self, left: float, width: float, baselines: Iterable[float], size: int | None = None
    ) -> None:
        """Lines of words that fill the width, all but the last word's room."""
        font = ImageFont.truetype(dejavu("DejaVuSerif"), size or self.size)
        for baseline in baselines:
            text = self._choose.choice(WORDS)
            while font.getlength(longer := f"{text} {self._choose.choice(WORDS)}") <= width:
                text = longer
            self.write(left, baseline, text, size)

    def turn(self, degrees: float) -> None:
        """Turn the page clockwise about its middle, and the truth with it."""
        middle = self.image.width / 2, self.image.height / 2
        self.image = self.image.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=255)
        self.draw = ImageDraw.Draw(self.image)
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

        def turned(point: Point) -> Point:
            x, y = point[0] - middle[0], point[1] - middle[1]
            return middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos

        self.truth = [(turned(first), turned(last)) for first, last in self.truth]

    def ink(self) -> Float32Array:
        return 1 - np.asarray(self.image, np.float32) / 255


def check_found(
    lines: Sequence[Line], truth: Sequence[Stretch], size: int, reach: float = 1.0
) -> None:
    """The lines are those of the truth, in its order: ends within ``reach`` x-heights along the
    line, baselines within 0.3 of one."""
    assert len(lines) == len(truth)
    x_height = X_HEIGHT * size
    for line, ends in zip(lines, truth, strict=True):
        found = line.baseline[0], line.baseline[-1]
        for (x, y), (true_x, true_y) in zip(found, ends, strict=True):
            assert abs(x - true_x) < reach * x_height, (line.id, found, ends)
            rise = slope(ends) * reach * x_height
            assert abs(y - true_y) < 0.3 * x_height + rise, (line.id, found, ends)


def slope(ends: Stretch) -> float:
    (x0, y0), (x1, y1) = ends
    return abs((y1 - y0) / (x1 - x0))


def check_sound(lines: Sequence[Line], ink: Float32Array) -> None:
    """What holds of any page: numbered, on the page, simple outlines, left to right."""
    height, width = ink.shape
    assert [line.id for line in lines] == [f"l{number}" for number in range(1, len(lines) + 1)]
    for line in lines:
        points = np.array([*line.polygon, *line.baseline])
        assert np.isfinite(points).all()
        assert (points >= 0).all()
        assert (points <= (width, height)).all()
        assert all(x0 < x1 for (x0, _), (x1, _) in pairwise(line.baseline))
        assert is_simple(line.polygon)
    regions = [line.region for line in lines]
    blocks = [region for i, region in enumerate(regions) if i == 0 or regions[i - 1] != region]
    assert len(blocks) == len(set(blocks))  # each block's lines follow one another


def is_simple(polygon: Sequence[Point]) -> bool:
    """Whether no two edges without a common corner meet, by trying all pairs."""
    edges = list(pairwise((*polygon, polygon[0])))
    for (i, first), (j, second) in combinations(enumerate(edges), 2):
        if j - i not in (1, len(edges) - 1) and _cross(*first, *second):
            return False
    return True


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether a-b and c-d cross; touching is not counted, for points on the page's edge may."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
