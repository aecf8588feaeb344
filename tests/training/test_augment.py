"""What the random distortions promise: limits, frequencies, repeatability."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from ocr.training import distortions as distort
from ocr.training.augment import (
    MAX_STRENGTH,
    PALEST,
    Amount,
    Distortions,
    Ratio,
    augment,
    draw_warp,
)
from ocr.training.distortions import MIN_STRETCH
from ocr.types import Float32Array

EFFECTS = [
    entry.name
    for entry in dataclasses.fields(Distortions)
    if isinstance(entry.default, Amount | Ratio)
]
PHOTOMETRIC = EFFECTS[EFFECTS.index("neighbour") :]


def only(*names: str) -> Distortions:
    """The named effects always, the others never, no line kept clean."""
    fields = {
        name: dataclasses.replace(getattr(Distortions(), name), probability=float(name in names))
        for name in EFFECTS
    }
    return Distortions(clean=0.0, **fields)


def some_line(height: int = 48, width: int = 300, seed: int = 0) -> Float32Array:
    """Strokes of 3 px at random places in the middle of the line; margins of 20 px, or none."""
    rng = np.random.default_rng(seed)
    line = np.zeros((height, width), np.float32)
    margin = 20 if width > 60 else 0
    top, bottom = round(0.25 * height), round(0.75 * height)
    for x in rng.integers(margin, max(margin + 1, width - margin - 3), size=1 + width // 10):
        y = int(rng.integers(top, bottom - 1))
        line[y : min(y + 12, bottom), x : x + 3] = rng.uniform(0.7, 1)
    return line


@pytest.mark.parametrize("cut", [0, 12, 20, 22])
def test_the_drawn_warps_keep_the_text_in_the_picture_and_the_width(cut: int) -> None:
    line = some_line()[:, cut : 300 - cut]
    height, width = line.shape
    first, after = distort.blank_margins(line)
    rng = np.random.default_rng(3)
    ranges = only("shear", "stretch", "scale", "shift", "fall", "wander", "tremor", "padding")
    for _ in range(300):
        u, v = distort.warp_maps(line.shape, draw_warp(line, rng, 1.0, ranges))
        assert u.shape[1] >= MIN_STRETCH * width
        assert (u[:, 0] <= first + 0.2).all()  # 0.2 px: the pixel's rim, at most
        assert (u[:, -1] >= width - 1 - after - 0.2).all()
        inside = (u >= 0) & (u <= width - 1)
        assert v[0][inside[0]].max() <= 0.225 * height
        assert v[-1][inside[-1]].min() >= 0.775 * height - 1


def test_the_drawn_warps_obey_their_limits_at_full_strength() -> None:
    rng = np.random.default_rng(20)
    for width in (30, 300, 3000):
        for _ in range(100):
            warp = draw_warp(some_line(48, width), rng, 1.5, only("stretch", "fall"))
            assert warp.stretch >= MIN_STRETCH
            assert abs(warp.slope) <= 1.5 * 0.02
            assert abs(warp.slope) * width * warp.stretch / 2 <= 1.5 * 0.04 * 48 + 1e-6


def test_the_drawn_warps_reach_their_ranges() -> None:
    rng, line = np.random.default_rng(4), some_line()
    warps = [draw_warp(line, rng, 1.0, only("stretch", "shear")) for _ in range(400)]
    stretches, shears = [w.stretch for w in warps], [w.shear for w in warps]
    assert 0.8 <= min(stretches) < 0.82
    assert 1.22 < max(stretches) <= 1.25
    assert -0.3 <= min(shears) < -0.28
    assert 0.28 < max(shears) <= 0.3


def test_amounts_scale_with_the_strength_and_ratios_have_it_as_exponent() -> None:
    rng = np.random.default_rng(9)
    amounts = np.array([Amount(0.5, 1.0, 3.0).draw(rng, 0.5) for _ in range(4000)])
    ratios = np.array([Ratio(1.0, 0.64, 1.44).draw(rng, 0.5) for _ in range(4000)])
    drawn = amounts[amounts != 0]
    assert len(drawn) / 4000 == pytest.approx(0.25, abs=0.03)
    assert drawn.min() == pytest.approx(0.5, abs=0.01)
    assert drawn.max() == pytest.approx(1.5, abs=0.01)
    assert (ratios == 1).mean() == pytest.approx(0.5, abs=0.03)
    assert ratios.min() == pytest.approx(0.8, abs=0.01)
    assert ratios.max() == pytest.approx(1.2, abs=0.01)


def test_strength_0_is_a_copy_and_draws_nothing() -> None:
    line, rng = some_line(), np.random.default_rng(10)
    before = rng.bit_generator.state
    result = augment(line, rng, 0.0)
    np.testing.assert_array_equal(result, line)
    assert not np.shares_memory(result, line)
    assert rng.bit_generator.state == before


def test_no_effect_means_no_change() -> None:
    line = some_line()
    np.testing.assert_array_equal(augment(line, np.random.default_rng(0), 1.0, None, only()), line)


@pytest.mark.parametrize("name", EFFECTS)
def test_every_effect_alone_changes_the_line(name: str) -> None:
    line = some_line()
    rng = np.random.default_rng(11)
    results = [augment(line, rng, 1.0, None, only(name)) for _ in range(20)]
    changed = [r.shape != line.shape or np.abs(r - line).max() > 0.02 for r in results]
    assert sum(changed) >= 5  # most small holes fall on paper
    if name in PHOTOMETRIC:
        assert {result.shape for result in results} == {line.shape}


def test_the_same_state_gives_the_same_line_and_the_next_another() -> None:
    line, neighbour = some_line(), some_line(seed=1)
    kept = line.copy(), neighbour.copy()
    first, second = np.random.default_rng(12), np.random.default_rng(12)
    results = [augment(line, first, 1.0, neighbour) for _ in range(30)]
    for result in results:
        np.testing.assert_array_equal(result, augment(line, second, 1.0, neighbour))
    assert len({result.tobytes() for result in results}) > 25
    np.testing.assert_array_equal(line, kept[0])
    np.testing.assert_array_equal(neighbour, kept[1])


@pytest.mark.parametrize("shape", [(1, 1), (16, 8), (48, 1), (48, 30), (48, 2000), (64, 500)])
@pytest.mark.parametrize("strength", [0.3, 1.0, 50.0])
def test_any_size_stays_a_line(shape: tuple[int, int], strength: float) -> None:
    rng = np.random.default_rng(13)
    lines = [some_line(*shape) if shape[0] > 8 else np.ones(shape, np.float32)]
    lines += [np.zeros(shape, np.float32), np.ones(shape, np.float32)]
    everything = only(*EFFECTS)
    for line, ranges in itertools.product(lines, (Distortions(), everything)):
        for neighbour in (None, some_line(40, 90)):
            result = augment(line, rng, strength, neighbour, ranges)
            assert result.dtype == np.float32
            assert result.flags.c_contiguous
            assert result.shape[0] == shape[0]
            assert result.shape[1] >= MIN_STRETCH * shape[1]
            assert np.isfinite(result).all()
            assert 0 <= result.min() <= result.max() <= 1


def test_strength_is_limited() -> None:
    line = some_line()
    strong = augment(line, np.random.default_rng(14), 99.0)
    limit = augment(line, np.random.default_rng(14), MAX_STRENGTH)
    np.testing.assert_array_equal(strong, limit)


def test_a_fifth_of_the_lines_stay_nearly_clean() -> None:
    # A stretch of 0.8..1.25 to the power of 0.2 is at most 4.6 % off. Of the four fifths that are
    # not kept clean, log-uniform draws leave that interval in four of five cases: 0.64 in all.
    line, rng = some_line(), np.random.default_rng(15)
    ranges = dataclasses.replace(only("stretch"), clean=Distortions().clean)
    widths = np.array([augment(line, rng, 1.0, None, ranges).shape[1] for _ in range(1500)])
    assert (np.abs(np.log(widths / 300)) > 0.2 * np.log(1.25) + 1 / 300).mean() == pytest.approx(
        0.64, abs=0.05
    )


def test_clean_lines_differ_little() -> None:
    line, rng = some_line(), np.random.default_rng(15)
    for _ in range(60):
        result = augment(line, rng, 1.0, None, Distortions(clean=1.0))
        assert 0.95 * 300 <= result.shape[1] <= 1.15 * 300
        assert result.sum() == pytest.approx(line.sum(), rel=0.3)


def test_ink_is_roughly_kept_on_average() -> None:
    line, rng = some_line(width=600), np.random.default_rng(16)
    masses = [float(augment(line, rng).sum() / line.sum()) for _ in range(200)]
    assert 0.8 < np.median(masses) < 1.25
    assert min(masses) > 0.15


def test_pale_and_faded_ink_stays_visible() -> None:
    rng, black = np.random.default_rng(17), np.ones((48, 400), np.float32)
    palest = min(
        float(augment(black, rng, MAX_STRENGTH, None, only("gain", "fading")).min())
        for _ in range(50)
    )
    assert palest == pytest.approx(PALEST)


def test_ruling_adds_rows_and_squared_paper_columns_too() -> None:
    paper, rng = np.zeros((48, 300), np.float32), np.random.default_rng(18)
    ruled = augment(paper, rng, 1.0, None, dataclasses.replace(only("ruling"), grid=0.0))
    squared = augment(paper, rng, 1.0, None, dataclasses.replace(only("ruling"), grid=1.0))
    assert squared.flags.c_contiguous
    assert (ruled.sum(axis=0) > 0).all()  # every column crosses a line
    assert (ruled.max(axis=1) == 0).any()  # and there is paper between the lines
    assert (squared.max(axis=1) > 0).all()  # every row crosses an upright


def test_the_neighbour_appears_only_at_the_edges() -> None:
    line, rng = np.zeros((48, 400), np.float32), np.random.default_rng(19)
    for _ in range(30):
        result = augment(line, rng, 1.0, some_line(width=100, seed=3), only("neighbour"))
        assert result.sum() > 0
        assert result[8:40].max() == 0  # at most 0.16 of 48 rows, rounded up to 8


@pytest.mark.parametrize("shape", [(48,), (48, 20, 3), (0, 20), (48, 0)])
def test_what_is_not_a_line_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        augment(np.zeros(shape, np.float32), np.random.default_rng(0))


@pytest.mark.parametrize("strength", [-1.0, float("nan")])
def test_a_negative_strength_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        augment(some_line(), np.random.default_rng(0), strength)
