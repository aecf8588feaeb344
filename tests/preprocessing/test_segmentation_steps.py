"""The steps of the segmentation against brute force and against fonts whose measures are known."""

from __future__ import annotations

import random
import time
from itertools import product

import numpy as np
import pytest
from drawnpages import X_HEIGHT, DrawnPage

from ocr.preprocessing.segmentation import BODY
from ocr.preprocessing.segmentation.contrast import soft_ink
from ocr.preprocessing.segmentation.neighbours import NONE, lines_above, middles_of
from ocr.preprocessing.segmentation.order import Block, reading_order
from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.preprocessing.segmentation.rules import cell_walls, find_rules
from ocr.preprocessing.segmentation.scale import body_height
from ocr.preprocessing.segmentation.seams import (
    DOWN,
    EDGE_COST,
    ROWS,
    STEEPEST,
    STEP_COST,
    UP,
    cut,
)
from ocr.preprocessing.segmentation.workingcopy import working_copy
from ocr.types import Float32Array

APART = 20  # px between the middles of two lines: less than ascenders reach


def ridge(left: int, right: int, row: float, body: float = BODY) -> Ridge:
    rows = np.full(right - left, row, np.float32)
    return Ridge(left, rows, np.ones_like(rows), body)


@pytest.mark.parametrize("size", [16, 30, 60])
def test_the_height_of_text_is_that_of_the_font(size: int) -> None:
    page = DrawnPage(25 * size, 20 * size, size)
    page.column(size, 22 * size, range(2 * size, 19 * size, round(1.4 * size)))
    found = body_height(soft_ink(page.ink(), X_HEIGHT * size))
    assert found == pytest.approx(X_HEIGHT * size, rel=0.25)


def test_a_lone_line_is_not_taken_for_large_type() -> None:
    page = DrawnPage(800, 1000, 30)
    page.write(100, 400, "minimum of Thebes")
    found = body_height(soft_ink(page.ink(), X_HEIGHT * 30))
    assert found is not None
    assert X_HEIGHT * 30 < found < 2.5 * X_HEIGHT * 30


def test_specks_have_no_height() -> None:
    noise = np.random.default_rng(1).random((300, 400)).astype(np.float32)
    assert body_height((noise < 0.01).astype(np.float32)) is None
    assert body_height(np.zeros_like(noise)) is None


def test_soft_ink_is_writing_and_neither_holes_nor_surroundings() -> None:
    page = DrawnPage(400, 400, 30)
    page.write(40, 100, "onset")
    alone = soft_ink(page.ink(), X_HEIGHT * 30)
    page.draw.ellipse((40, 200, 75, 235), fill=0)  # a punched hole
    page.draw.rectangle((40, 280, 140, 380), fill=0)
    page.draw.rectangle((300, 0, 400, 400), fill=30)
    soft = soft_ink(page.ink(), X_HEIGHT * 30)
    written = alone > 0.9
    assert written[60:120, 40:140].sum() > 300
    assert (soft[written] > 0.5).all()
    assert soft[180:].max() == soft[:, 290:].max() == 0


def test_points_come_back_from_the_copy_to_the_page() -> None:
    """The middle of a blot on a slanting page, looked up on the copy."""
    page = DrawnPage(900, 500)
    page.column(60, 780, range(80, 460, 55))
    page.turn(5)
    ink = page.ink()
    copy = working_copy(ink)
    assert copy is not None
    assert copy.slope == pytest.approx(np.tan(np.radians(5)), abs=0.006)
    for (x0, y0), (x1, y1) in page.truth[::3]:
        ends = np.array([(x0, y0), (x1, y1)], np.float32)
        level = [row_on_copy(copy.to_page, x, y, copy.soft.shape) for x, y in ends]
        assert level[0] == pytest.approx(level[1], abs=0.3 * BODY)


def row_on_copy(to_page: object, x: float, y: float, shape: tuple[int, int]) -> float:
    """The row of the copy's point that lies nearest to a point of the page, by trying all."""
    rows, columns = np.mgrid[: shape[0] : 3, : shape[1] : 3]
    points = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)
    on_page = np.array(to_page(points))  # type: ignore[operator]
    return float(points[np.hypot(*(on_page - (x, y)).T).argmin(), 1])


def test_the_seam_is_the_cheapest_of_all() -> None:
    width, random = 3, np.random.default_rng(7)
    for _ in range(3):
        soft = random.random((60, width)).astype(np.float32)
        _, lower = cut([ridge(0, width, 10), ridge(0, width, 10 + APART)], soft)
        path = ROWS * (lower.top - 10) / APART - 0.5
        assert cost(np.rint(path).astype(int), soft) == pytest.approx(cheapest(soft, width))


def cost(path: np.ndarray, soft: Float32Array) -> float:
    shares = (path + 0.5) / ROWS
    ink = soft[(10 + APART * shares).astype(int), np.arange(len(path))]
    steps = STEP_COST * np.abs(np.diff(path)).sum()
    return float(ink.sum() + EDGE_COST * np.square(2 * shares - 1).sum() + steps)


def cheapest(soft: Float32Array, width: int) -> float:
    moves = range(-STEEPEST, STEEPEST + 1)
    paths = (
        np.cumsum((first, *steps))
        for first in range(ROWS)
        for steps in product(moves, repeat=width - 1)
    )
    return min(cost(path, soft) for path in paths if path.min() >= 0 and path.max() < ROWS)


def test_spans_keep_to_the_page_and_to_their_line() -> None:
    soft = np.zeros((100, 50), np.float32)
    first, second = cut([ridge(0, 50, 12), ridge(10, 40, 60)], soft)
    assert first.top.min() >= 0
    np.testing.assert_array_equal(first.bottom[10:40], np.minimum(second.top, 12 + DOWN * BODY))
    np.testing.assert_allclose(first.bottom[:10], 12 + DOWN * BODY)
    assert (second.top >= 60 - UP * BODY).all()
    assert (second.top < second.middle).all()
    assert cut([], soft) == []


def test_the_line_above_is_the_next_in_each_column() -> None:
    random = np.random.default_rng(5)
    lines = []
    for _ in range(12):
        left = int(random.integers(0, 60))
        lines.append(ridge(left, left + int(random.integers(5, 40)), float(random.uniform(0, 99))))
    above = lines_above(middles_of(lines, 100))
    for column in range(100):
        for i, line in enumerate(lines):
            here = [j for j, o in enumerate(lines) if o.left <= column < o.right]
            higher = [j for j in here if lines[j].rows[0] < line.rows[0]]
            expected = max(higher, key=lambda j: lines[j].rows[0], default=NONE)
            assert above[i, column] == (expected if i in here else NONE)


def test_rules_are_found_and_strokes_are_not() -> None:
    soft = np.zeros((200, 200), np.float32)
    soft[50:52] = soft[:, 120:122] = 1
    soft[80:86, 10 : 10 + 5 * int(BODY)] = 1  # half a text height thick
    soft[100 : 100 + 3 * int(BODY), 30:32] = 1  # a tall letter
    level, upright = find_rules(soft, BODY)
    assert level[50:52, :118].all()
    assert level[:45].sum() == level[55:].sum() == 0
    assert upright[:45, 120:122].all()
    assert upright[:, :115].sum() == upright[:, 125:].sum() == 0


def test_walls_of_cells_are_not_squares() -> None:
    upright = np.zeros((10, 600), bool)
    squares, cells = range(20, 300, 24), (400, 403, 480, 590)  # 2 and 6 text heights; one is double
    upright[:, [*squares, *cells]] = True
    walls = cell_walls(upright, BODY)
    assert np.flatnonzero(walls[0]).tolist() == [*cells]


A_HEAD_TWO_COLUMNS_A_FOOT = [
    ridge(10, 380, 20), ridge(10, 180, 60), ridge(10, 150, 90), ridge(10, 180, 120),
    ridge(220, 380, 60), ridge(220, 380, 90), ridge(220, 300, 120), ridge(10, 380, 170),
]  # fmt: skip
FACING_PAGES = [
    ridge(10, 180, 20), ridge(10, 180, 50), ridge(10, 180, 300), ridge(10, 180, 330),
    ridge(260, 340, 30), ridge(220, 390, 170), ridge(220, 390, 200), ridge(220, 390, 330),
]  # fmt: skip
A_DATE_A_SALUTATION_A_LETTER = [
    ridge(250, 390, 20), ridge(10, 150, 70), ridge(10, 390, 200), ridge(10, 390, 230),
]  # fmt: skip
A_HEAD_A_NOTE_A_TEXT = [
    ridge(150, 390, 20), ridge(10, 100, 200), ridge(10, 100, 230),
    *(ridge(150, 390, row) for row in range(140, 340, 30)),
]  # fmt: skip
RAGGED = [ridge(0, right, 30 * n) for n, right in enumerate((300, 300, 240, 180, 300, 90, 280))]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (A_HEAD_TWO_COLUMNS_A_FOOT, [(0,), (1, 2, 3), (4, 5, 6), (7,)]),
        (FACING_PAGES, [(0, 1), (2, 3), (4,), (5, 6), (7,)]),
        (A_DATE_A_SALUTATION_A_LETTER, [(0,), (1,), (2, 3)]),
        (A_HEAD_A_NOTE_A_TEXT, [(0,), (1, 2), (3, 4, 5, 6, 7, 8, 9)]),
        (RAGGED, [(0, 1, 2, 3, 4, 5, 6)]),
        ([ridge(0, 100, 20), ridge(0, 100, 220)], [(0,), (1,)]),  # too far for a block
        ([ridge(0, 100, 20), ridge(200, 300, 26)], [(0,), (1,)]),
        ([], []),
    ],
)
def test_reading_order(lines: list[Ridge], expected: list[tuple[int, ...]]) -> None:
    assert reading_order(lines, 400) == expected
    backwards = [
        tuple(len(lines) - 1 - i for i in block) for block in reading_order(lines[::-1], 400)
    ]
    assert backwards == expected


def test_columns_of_many_items_below_a_head() -> None:
    """Each a block of its own."""
    left = [ridge(10, 180, 100 + 130 * number) for number in range(31)]
    right = [ridge(220, 390, 160 + 130 * number) for number in range(31)]
    blocks = reading_order([ridge(10, 390, 20), *left, *right], 400)
    assert blocks == [(index,) for index in range(63)]


@pytest.mark.parametrize(("common", "first"), [(20, "left"), (30, "upper")])
def test_blocks_that_overlap_a_little_stand_side_by_side(common: int, first: str) -> None:
    """Of two 100 px wide, the left one begins lower."""
    left, upper = Block((0,), 0, 40, 100, 90), Block((1,), 100 - common, 10, 200 - common, 60)
    assert left.precedes(upper) == (first == "left")
    assert upper.precedes(left) == (first == "upper")


def test_scattered_labels_are_ordered_in_time() -> None:
    """As on a map."""
    choose = random.Random(2)
    lines = [
        ridge(left := choose.randrange(3000), left + 40, choose.randrange(3000)) for _ in range(300)
    ]
    start = time.process_time()
    order = [index for block in reading_order(lines, 3100) for index in block]
    assert sorted(order) == list(range(300))
    assert time.process_time() - start < 10
