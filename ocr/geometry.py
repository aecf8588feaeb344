"""Points on a page, and the frame of a line: where its crop lies.

Coordinates are page pixels counted at their edges, x to the right and y down: the pixel in the
top left corner reaches from (0, 0) to (1, 1).

A crop is taken along the line's baseline: turned by the angle a of the chord from its first to
its last point, so that slanted and vertical writing comes out level. With u = (cos a, sin a)
along the line and n = (-sin a, cos a) below it, the crop's point (x, y) is the page's
``origin + x u + y n``. A bend of the baseline is left to the normalisation of the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocr.types import Line, Point

Box = tuple[float, float, float, float]  # left, top, right, bottom

LEVEL = math.radians(5)
"""A line that climbs or falls by less is cropped as it stands: the normalisation levels it, and
pixels are best resampled once. On 637 lines of 26 real pages the CER was 12.60 % with all lines
turned, 12.52 % with those above 5 degrees, 12.53 % with none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle of a line's crop.

    origin     page point of the crop's top left corner
    direction  (cos, sin) of the angle between the page's x axis and the crop's, clockwise
    width, height  in pixels, at least 1
    """

    origin: Point
    direction: Point
    width: int
    height: int

    def to_page(self, point: Point) -> Point:
        """A point of the crop on the page."""
        (x, y), (cos, sin) = point, self.direction
        return self.origin[0] + x * cos - y * sin, self.origin[1] + x * sin + y * cos

    def from_page(self, point: Point) -> Point:
        """A point of the page in the crop."""
        x, y = point[0] - self.origin[0], point[1] - self.origin[1]
        cos, sin = self.direction
        return x * cos + y * sin, y * cos - x * sin

    def rectangle(self, box: Box) -> tuple[Point, Point, Point, Point]:
        """A box of the crop as corners on the page: top left, top right, bottom right, bottom
        left, as seen by who reads the line."""
        left, top, right, bottom = box
        corners = (left, top), (right, top), (right, bottom), (left, bottom)
        first, second, third, fourth = (self.to_page(corner) for corner in corners)
        return first, second, third, fourth


def frame_of(line: Line) -> Frame:
    """The smallest frame along the baseline that holds the line's polygon, on whole pixels."""
    cos, sin = _direction(line.baseline)
    turned = Frame((0.0, 0.0), (cos, sin), 1, 1)
    left, top, right, bottom = bounds([turned.from_page(point) for point in line.polygon])
    left, top = math.floor(left), math.floor(top)
    width, height = max(1, math.ceil(right) - left), max(1, math.ceil(bottom) - top)
    return Frame(turned.to_page((left, top)), (cos, sin), width, height)


def bounds(points: Sequence[Point]) -> Box:
    """The smallest upright box around at least one point."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def area(polygon: Sequence[Point]) -> float:
    """Surface in px^2 by the shoelace formula; 0 where all points lie on one straight line."""
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(polygon))) / 2


def vertical_extent(polygon: Sequence[Point], left: float, right: float) -> Point | None:
    """(top, bottom) of the part of the polygon's outline from x = ``left`` to ``right``; None
    where it has no part there."""
    rows: list[float] = []
    for (x0, y0), (x1, y1) in _edges(polygon):
        if max(x0, x1) < left or min(x0, x1) > right:
            continue
        if x0 == x1:
            rows += (y0, y1)
        else:
            slope = (y1 - y0) / (x1 - x0)
            rows += (y0 + slope * (min(max(x, left), right) - x0) for x in (x0, x1))
    return (min(rows), max(rows)) if rows else None


def _edges(polygon: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return pairwise((*polygon, polygon[0]))


def _direction(baseline: Sequence[Point]) -> Point:
    """(cos, sin) of the baseline's chord; of the page's rows where it is level or unknown."""
    if len(baseline) < 2:
        return 1.0, 0.0
    (x0, y0), (x1, y1) = baseline[0], baseline[-1]
    if abs(math.atan2(y1 - y0, x1 - x0)) < LEVEL:
        return 1.0, 0.0
    length = math.hypot(x1 - x0, y1 - y0)
    return (x1 - x0) / length, (y1 - y0) / length  # exact for quarter turns
