"""Points and frames, against independent counts: rotated points, pixels, a polygon cut by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.geometry import LEVEL, Frame, area, bounds, frame_of, vertical_extent
from ocr.types import Line, Point

COORDINATES = st.floats(-5000, 5000, allow_nan=False)
POINTS = st.tuples(COORDINATES, COORDINATES)
TRIANGLE = ((0.0, 0.0), (10.0, 0.0), (0.0, 20.0))
SQUARE = ((3.0, 4.0), (9.0, 4.0), (9.0, 10.0), (3.0, 10.0))


def turned(points: tuple[Point, ...], degrees: float) -> tuple[Point, ...]:
    """The points turned clockwise about the origin, by complex multiplication."""
    turn = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    return tuple(((complex(*p) * turn).real, (complex(*p) * turn).imag) for p in points)


@given(point=POINTS, origin=POINTS, angle=st.floats(-math.pi, math.pi))
def test_to_the_page_and_back(point: Point, origin: Point, angle: float) -> None:
    frame = Frame(origin, (math.cos(angle), math.sin(angle)), 10, 10)
    assert frame.from_page(frame.to_page(point)) == pytest.approx(point, abs=1e-6)
    turn = complex(math.cos(angle), math.sin(angle))
    there = complex(*origin) + complex(*point) * turn
    assert frame.to_page(point) == pytest.approx((there.real, there.imag), abs=1e-6)


@pytest.mark.parametrize("degrees", [0, 10, 37, 90, -90, 180, -135])
def test_a_frame_follows_the_baseline(degrees: float) -> None:
    box = ((0.0, 0.0), (200.0, 0.0), (200.0, 30.0), (0.0, 30.0))
    baseline = ((0.0, 20.0), (90.0, 25.0), (200.0, 20.0))  # the bend is no slope
    line = Line("l", turned(box, degrees), turned(baseline, degrees))
    frame = frame_of(line)
    assert (frame.width, frame.height) in [(200, 30), (201, 30), (200, 31), (201, 31)]
    corners = frame.rectangle((0, 0, frame.width, frame.height))
    for corner, expected in zip(corners, turned(box, degrees), strict=True):
        assert corner == pytest.approx(expected, abs=1.5)
    assert frame.direction == pytest.approx(
        (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    )


def test_a_frame_holds_every_point() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        polygon = tuple(map(tuple, generator.uniform(0, 300, (7, 2)).tolist()))
        baseline = tuple(map(tuple, generator.uniform(0, 300, (2, 2)).tolist()))
        frame = frame_of(Line("l", polygon, baseline))
        for x, y in map(frame.from_page, polygon):
            assert -1e-6 <= x <= frame.width + 1e-6
            assert -1e-6 <= y <= frame.height + 1e-6


@pytest.mark.parametrize("baseline", [(), ((1.0, 9.0),), ((0.0, 9.0), (0.0, 9.0))])
def test_without_a_direction_the_frame_is_the_bounding_box(baseline: tuple[Point, ...]) -> None:
    assert frame_of(Line("l", SQUARE, baseline)) == Frame((3.0, 4.0), (1.0, 0.0), 6, 6)


def test_a_small_slope_is_left_to_the_normalisation() -> None:
    for slope, level in ((0.9, True), (1.1, False), (-0.9, True), (-1.1, False)):
        end = 100 * math.tan(slope * LEVEL)
        frame = frame_of(Line("l", SQUARE, ((0.0, 0.0), (100.0, end))))
        assert (frame.direction == (1.0, 0.0)) is level


def test_area_by_hand() -> None:
    assert area(TRIANGLE) == 100
    assert area(TRIANGLE[::-1]) == 100
    assert area(SQUARE) == 36
    assert area(((0, 0), (5, 5), (9, 9))) == 0


@given(st.lists(POINTS, min_size=1))
def test_bounds_are_the_extremes(points: list[Point]) -> None:
    array = np.array(points)
    assert bounds(points) == (*array.min(axis=0), *array.max(axis=0))


def test_the_extent_of_a_part_of_a_polygon() -> None:
    assert vertical_extent(TRIANGLE, 0, 5) == (0, 20)
    assert vertical_extent(TRIANGLE, 5, 8) == (0, 10)  # the slope is at 10 where x is 5
    assert vertical_extent(TRIANGLE, 10, 12) == (0, 0)
    assert vertical_extent(TRIANGLE, 10.5, 12) is None
    assert vertical_extent(SQUARE, 4, 5) == (4, 10)


def test_the_extent_of_any_polygon_is_that_of_its_outline() -> None:
    generator = np.random.default_rng(2)
    for _ in range(30):
        polygon = [tuple(p) for p in generator.uniform(0, 100, (6, 2)).tolist()]
        left, right = sorted(generator.uniform(0, 100, 2).tolist())
        ends = np.array([*polygon, polygon[0]])
        steps = np.linspace(0, 1, 4001)[:, None]
        outline = np.concatenate([a + steps * (b - a) for a, b in pairwise(ends)])
        inside = outline[(outline[:, 0] >= left) & (outline[:, 0] <= right)][:, 1]
        extent = vertical_extent(polygon, left, right)
        if extent is None:
            assert inside.size == 0
        elif inside.size:
            assert extent == pytest.approx((inside.min(), inside.max()), abs=0.3)
