"""How often the lines of each source come."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.training.balance import Draw, Sources, shares, with_as_many

SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=8)


def draw_of(sizes: list[int], balance: float, seed: int = 1) -> Draw:
    sources = Sources(tuple(np.repeat(np.arange(len(sizes)), sizes).tolist()))
    return Draw(np.arange(sum(sizes)) + 1000, sources, balance, seed)


@given(SIZES, st.floats(0, 1))
def test_shares_follow_the_tempered_sizes(sizes: list[int], balance: float) -> None:
    counts = shares(sizes, balance, [1.0] * len(sizes))
    assert sum(counts) == sum(sizes)
    weights = np.array(sizes, float) ** balance
    exact = 1 + (sum(sizes) - len(sizes)) * weights / weights.sum()
    assert np.abs(np.array(counts) - exact).max() <= 1


def test_unbalanced_epochs_have_every_line_once() -> None:
    draw = draw_of([5, 300, 20], 1.0)
    for epoch in range(3):
        assert sorted(draw.epoch(epoch)) == list(range(1000, 1325))


@given(SIZES, st.floats(0, 0.99), st.integers(1, 5))
def test_lines_of_a_source_come_equally_often(
    sizes: list[int], balance: float, epochs: int
) -> None:
    draw = draw_of(sizes, balance)
    counts = Counter(int(line) for epoch in range(epochs) for line in draw.epoch(epoch))
    start = 1000
    for size, quota in zip(sizes, draw.quotas, strict=True):
        found = [counts[line] for line in range(start, start + size)]
        assert sum(found) == epochs * quota
        assert max(found) - min(found) <= 1
        start += size


def test_small_sources_are_raised() -> None:
    assert shares([100, 900], 1.0, (1, 1)) == pytest.approx([100, 900], abs=1)
    assert shares([100, 900], 0.5, (1, 1)) == pytest.approx([250, 750], abs=1)
    assert shares([100, 900], 0.0, (1, 1)) == [500, 500]


def test_weights_raise_a_source_whatever_its_size() -> None:
    assert shares([100, 900], 0.0, (1, 3)) == pytest.approx([250, 750], abs=1)
    sources = Sources((0,) * 10 + (2,) * 10, weights=(1.0, 5.0, 3.0))
    assert Draw(np.arange(20), sources, 1.0, 1).quotas == pytest.approx([5, 15], abs=1)


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    draws = [draw_of([50, 60], 0.5, seed).epoch(epoch) for seed in (1, 2) for epoch in (0, 1)]
    assert len({tuple(drawn) for drawn in draws}) == 4
    assert np.array_equal(draw_of([50, 60], 0.5).epoch(7), draw_of([50, 60], 0.5).epoch(7))


def test_lines_of_one_source_are_one_group() -> None:
    draw = Draw(np.array([4, 2, 9]), Sources(), 0.3, 1)
    assert sorted(draw.epoch(0)) == [2, 4, 9]


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_one_more_source_comes_as_often_as_all_others_together(balance: float) -> None:
    two = Sources((0,) * 30 + (1,) * 10, weights=(1.0, 2.0))
    three = with_as_many(two, 360, balance)
    quotas = Draw(np.arange(400), three, balance, 1).quotas
    assert quotas[2] == pytest.approx(200, abs=1)
    alone = Draw(np.arange(40), two, balance, 1).quotas
    assert quotas[0] / quotas[1] == pytest.approx(alone[0] / alone[1], rel=0.15)
    assert with_as_many(two, 0, balance) == two


def test_few_lines_of_one_more_source_come_no_more_often_than_others() -> None:
    more = with_as_many(Sources((0,) * 30), 3, 1.0)
    assert Draw(np.arange(33), more, 1.0, 1).quotas == pytest.approx([30, 3], abs=1)
