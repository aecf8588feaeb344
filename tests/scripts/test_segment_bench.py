"""The measure of found lines: bands worked out by hand, and pairs against all assignments."""

from __future__ import annotations

import importlib
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ocr.types import Line

BENCH = Path(__file__).resolve().parents[2] / "scripts" / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("segment")


def line(left: float, right: float, row: float) -> Line:
    box = ((left, row - 10), (right, row - 10), (right, row))
    return Line("l", box, ((left, row), (right, row)))


def test_the_distance_of_lines_is_that_to_the_next_below(bench: ModuleType) -> None:
    column = [line(0, 200, row) for row in (40, 100, 160, 220)]
    assert bench.line_distance(column) == 60
    assert bench.line_distance([*column, line(300, 500, 60), line(300, 500, 120)]) == 60


def test_a_band_has_the_size_of_its_definition(bench: ModuleType) -> None:
    (band,) = bench.bands([line(100, 400, 200)], 60, (500, 500))
    scale = bench.BAND_PIXELS / 60
    expected = 300 * scale * 2 * bench.BAND * bench.BAND_PIXELS
    assert band.size == pytest.approx(expected, rel=0.12)  # whole pixels


@pytest.mark.parametrize(("shift", "right"), [((0, 0), 1), ((0, 12), 1), ((0, 30), 0),
                                              ((60, 0), 1), ((220, 0), 0)])  # fmt: skip
def test_a_line_is_found_while_half_of_the_union_agrees(
    bench: ModuleType, shift: tuple[float, float], right: int
) -> None:
    x, y = shift
    given = bench.bands([line(100, 400, 200)], 60, (500, 800))
    found = bench.bands([line(100 + x, 400 + x, 200 + y)], 60, (500, 800))
    assert bench.matches(given, found) == right


def test_each_line_counts_once(bench: ModuleType) -> None:
    given = bench.bands([line(0, 300, 100)], 60, (300, 400))
    halves = bench.bands([line(0, 300, 100), line(0, 300, 102), line(0, 290, 100)], 60, (300, 400))
    assert bench.matches(given, halves) == bench.matches(halves, given) == 1
    assert bench.matches(given, []) == bench.matches([], given) == 0


def test_pairs_are_as_many_as_the_best_assignment_has(bench: ModuleType) -> None:
    random = np.random.default_rng(4)
    for _ in range(20):
        given, found = (
            bench.bands(
                [line(x, x + 200, 60 + 60 * n + random.normal(0, 12))
                 for n, x in enumerate(random.uniform(0, 150, 4))], 60, (400, 400)
            )
            for _ in range(2)
        )  # fmt: skip
        agree = [[iou(a, b) >= bench.LEAST_IOU for b in found] for a in given]
        best = max(
            sum(agree[i][j] for i, j in enumerate(order)) for order in permutations(range(4))
        )
        assert bench.matches(given, found) == best


def iou(a: np.ndarray, b: np.ndarray) -> float:
    first, second = set(a.tolist()), set(b.tolist())
    return len(first & second) / len(first | second)


def test_rates_of_a_row(bench: ModuleType) -> None:
    score = bench.Score(pages=1, given=10, found=8, right=6)
    score.count("given", "abcd", "abxd")
    other = bench.Score(pages=1, given=2, found=4, right=3)
    other.count("given", "abcdef", "abcdef")
    score.add(other)
    assert score.row() == "2 | 12 | 0.750 | 0.750 | 0.750 | 10.0 | - | - | - | 0.0"


def test_what_lies_on_no_line_stays_behind_the_one_before_it(bench: ModuleType) -> None:
    bands = [np.arange(100)] * 5
    shared = np.array([[0, 0, 90, 0, 30], [0, 60, 5, 20, 0]])
    own = bench.owners(shared, bands)
    assert own == [-1, 1, 0, -1, 0]
    texts = ["stamp", "second", "first", "note", "half"]
    assert bench.in_order(texts, own) == ["stamp", "first", "note", "half", "second"]
    score = bench.Score()
    given = [replace(line(0, 9, 40), text=text) for text in ("first half", "second")]
    bench.align(score, given, texts, own)
    assert (score.edits["aligned"], score.beyond) == (0, len("stampnote"))
