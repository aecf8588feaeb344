"""Every step of the ink against a closed form or brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis import ink as steps
from ocr.training.synthesis.camera import photographed
from ocr.training.synthesis.ink import PALEST, PALEST_IN_BLACK_AND_WHITE, Ink, inked
from ocr.training.synthesis.styles import BILEVEL
from ocr.types import Float32Array

HEIGHT, WIDTH = 60, 240


def strokes(thickness: int = 3) -> Float32Array:
    """Upright strokes, ``thickness`` px wide, every 24 px."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for x in range(20, WIDTH - 20, 24):
        ink[15:45, x : x + thickness] = 1
    return ink


def under(ink: Float32Array, seed: int = 0, **ranges: Amount | Ratio) -> Float32Array:
    return inked(ink, Ink(**ranges), np.random.default_rng(seed))


def test_without_ranges_the_ink_stays() -> None:
    np.testing.assert_allclose(under(strokes()), strokes(), atol=1e-6)


PIXELS = ("thickness", "nib", "dots", "screen")  # ranges in px; the rest are shares
PRESSED = ("weight", "waver", "ragged", "hardness")  # act only where ink spreads


@pytest.mark.parametrize("name", Ink.__slots__)
def test_every_step_does_something_and_keeps_its_bounds(name: str) -> None:
    amount = Amount(1, 3.0, 3.0) if name in PIXELS else Amount(1, 0.6, 0.6)
    others = {"spread": Amount(1, 0.8, 0.8)} if name in PRESSED else {}
    drawn = Ratio(1, 2, 2) if name == "hardness" else amount
    changed = under(strokes(5), seed=1, **others, **{name: drawn})
    assert changed.dtype == np.float32
    assert changed.shape == (HEIGHT, WIDTH)
    assert 0 <= changed.min() <= changed.max() <= 1
    assert np.abs(changed - under(strokes(5), seed=1, **others)).max() > 0.01


def test_bold_strokes_are_thinned_and_hairlines_stay() -> None:
    bold, fine = strokes(6), strokes(1)
    thinned = under(bold, thickness=Amount(1, 3, 3))
    assert thinned.sum() == pytest.approx(bold.sum() * 4 / 6, rel=0.12)
    np.testing.assert_allclose(under(fine, thickness=Amount(1, 3, 3)), fine, atol=1e-6)
    both = np.maximum(bold, np.roll(fine, 12, axis=1))
    thinned = under(both, thickness=Amount(1, 2, 2))
    assert thinned[30, np.flatnonzero(np.roll(fine, 12, axis=1)[30])].min() > 0.99


def test_a_nib_widens_a_point_into_its_own_edge() -> None:
    point = np.zeros((HEIGHT, WIDTH), np.float32)
    point[30, 100] = 1
    drawn = under(point, nib=Amount(1, 7, 7))
    rows, columns = np.nonzero(drawn)
    assert 6 <= len(rows) <= 14
    reach = np.hypot(rows - 30, columns - 100)
    assert reach.max() <= 3.5 + 0.71
    slopes = np.polyfit(columns, rows, 1)
    assert -np.tan(np.deg2rad(60)) < slopes[0] < -np.tan(np.deg2rad(15))  # up to the right


def test_a_print_head_strikes_whole_dots_where_the_ink_is() -> None:
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[:, : WIDTH // 2] = 1
    pitch = 6
    dots = under(ink, dots=Amount(1, pitch, pitch))
    assert dots[:, WIDTH // 2 + 1 :].max() == 0
    for row, column in itertools.product(range(0, HEIGHT, pitch), range(0, WIDTH // 2, pitch)):
        cell = dots[row : row + pitch, column : column + pitch]
        assert cell[pitch // 2, pitch // 2] > 0.99
        np.testing.assert_allclose(cell, cell[::-1, ::-1], atol=1e-3)
        assert cell[0, 0] < 0.75


def test_spread_ink_follows_the_threshold() -> None:
    ink = strokes(6)
    blur = cv2.GaussianBlur(ink, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)
    expected = np.clip((blur - (0.36 - 0.1)) * 2.5 + 0.5, 0, 1)
    result = under(ink, spread=Amount(1, 0.8, 0.8), weight=Amount(1, 0.1, 0.1))
    np.testing.assert_allclose(result, expected, atol=1e-5)
    lighter = under(ink, spread=Amount(1, 0.8, 0.8), weight=Amount(1, -0.1, -0.1))
    assert lighter.sum() < result.sum()


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.0])
def test_spreading_inks_no_bare_paper(factor: float) -> None:
    """However soft the edges, and however low the threshold."""
    soft = {"hardness": Ratio(1, factor, factor), "ragged": Amount(1, 0.14, 0.14)}
    result = under(strokes(3), spread=Amount(1, 0.8, 0.8), weight=Amount(1, 0.16, 0.16), **soft)
    assert result[:8].max() == 0
    assert result[30, 21] > 0.4


def test_hard_edges_are_nearly_bilevel() -> None:
    hard = under(strokes(6), spread=Amount(1, 0.8, 0.8), hardness=Ratio(1, 20, 20))
    assert ((hard > 0.01) & (hard < 0.99)).mean() < 0.02


def test_a_ghost_is_the_ink_shifted_and_paler() -> None:
    ink = strokes()
    for seed in range(10):
        result = under(ink, seed, ghost=Amount(1, 0.5, 0.5))
        shifts = itertools.product(range(-2, 3), repeat=2)
        candidates = [np.maximum(ink, 0.5 * np.roll(ink, shift, (0, 1))) for shift in shifts]
        assert any(np.allclose(result, candidate) for candidate in candidates)


@pytest.mark.parametrize("name", ["fading", "dips", "grain"])
def test_worn_ink_is_paler_but_never_lost(name: str) -> None:
    for seed in range(5):
        worn = under(strokes(), seed, **{name: Amount(1, 1, 1)})
        left = worn[strokes() == 1]
        assert left.min() >= PALEST - 1e-6
        assert left.mean() < 0.95
        assert worn[strokes() == 0].max() == 0


def test_a_worn_thermal_head_leaves_streaks_along_the_paper() -> None:
    solid = np.ones((40, 500), np.float32)
    worn = under(solid, streaks=Amount(1, 0.4, 0.4))
    assert (worn == worn[0]).all()
    assert set(np.unique(worn.round(5))) == {np.float32(0.6), np.float32(1)}
    assert 0.02 < (worn[0] < 0.9).mean() < 0.12


def test_all_wear_together_still_leaves_the_palest() -> None:
    ranges = dict.fromkeys(("fading", "dips", "grain", "streaks"), Amount(1, 1, 1))
    assert under(strokes(), **ranges)[strokes() == 1].min() == pytest.approx(PALEST)


def test_strokes_survive_in_black_and_white() -> None:
    """Every one of them, to the end of a dip, through the whole range of captures."""
    drawn = np.zeros((60, 400), np.float32)
    lefts = range(20, 380, 12)
    for left in lefts:
        drawn[20:40, left : left + 3] = 1
    wear = Ink(dips=Amount(1, 1, 1))
    camera = replace(BILEVEL.camera, scale=Ratio(0, 1, 1), specks=Amount(0, 0, 0))
    for seed in range(40):
        rng = np.random.default_rng(seed)
        ink = inked(drawn, wear, rng, PALEST_IN_BLACK_AND_WHITE)
        seen = photographed(1 - 0.8 * ink, 17.0, camera, rng)
        black = [(seen[20:40, left - 1 : left + 4] == 0).any(axis=1).mean() for left in lefts]
        assert min(black) > 0.9, seed


def test_a_screen_is_the_product_of_two_cosines() -> None:
    """At a pitch p and angle a: the screen written out pixel by pixel."""
    ink, pitch = np.ones((20, 30), np.float32), 5.0
    result = steps._screened(ink, Ink(screen=Amount(1, pitch, pitch)), np.random.default_rng(3))
    rng = np.random.default_rng(3)
    rng.random(2)  # whether it happens, and how far
    angle = np.deg2rad(rng.uniform(10, 80))
    tone = rng.uniform(0.72, 0.92)
    for y, x in itertools.product(range(20), range(30)):
        u = 2 * np.pi / pitch * (x * np.cos(angle) + y * np.sin(angle))
        v = 2 * np.pi / pitch * (x * np.sin(angle) - y * np.cos(angle))
        dot = (tone - 0.5 + (np.cos(u) + np.cos(v)) / 4) * pitch + 0.5
        assert result[y, x] == pytest.approx(min(max(dot, 0), 1), abs=1e-3)
