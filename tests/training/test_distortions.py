"""Every distortion against a closed form or brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ocr.training import distortions as distort
from ocr.training.distortions import Warp
from ocr.types import Float32Array


def some_line(height: int = 48, width: int = 300) -> Float32Array:
    """Upright strokes of 3 px in the middle rows, 20 px from the ends."""
    line = np.zeros((height, width), np.float32)
    for x in np.random.default_rng(0).integers(20, width - 23, size=30):
        line[height // 4 : -height // 4, x : x + 3] = 0.9
    return line


def blob(height: int, width: int, x: float, y: float) -> Float32Array:
    rows, columns = np.mgrid[:height, :width]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8).astype(np.float32)


def centroid(line: Float32Array) -> tuple[float, float]:
    rows, columns = np.indices(line.shape)
    mass = float(line.sum())
    return float((columns * line).sum()) / mass, float((rows * line).sum()) / mass


# Splines


def cubic_bump(t: float) -> float:
    """The cubic B-spline on 0..4 as a sum of truncated powers, another form of the same curve."""
    signs = (1, -4, 6, -4, 1)
    return sum(sign * max(0.0, t - k) ** 3 for k, sign in enumerate(signs)) / 6


@pytest.mark.parametrize(("points", "length"), [(4, 1), (4, 9), (7, 30), (12, 11)])
def test_spline_weights_are_shifted_cubic_bumps(points: int, length: int) -> None:
    weights = distort.spline_weights(points, length)
    positions = np.linspace(0, points - 3, length)
    expected = [[cubic_bump(p + 3 - k) for k in range(points)] for p in positions]
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("points", "length"), [(4, 1), (4, 9), (7, 30), (12, 11)])
def test_spline_curve_is_the_product_of_weights_and_control_values(
    points: int, length: int
) -> None:
    controls = np.random.default_rng(1).normal(size=points).astype(np.float32)
    expected = distort.spline_weights(points, length) @ controls
    np.testing.assert_allclose(distort.spline_curve(controls, length), expected, atol=1e-6)


def test_spline_surface_is_the_double_sum() -> None:
    controls = np.random.default_rng(1).normal(size=(2, 4, 6)).astype(np.float32)
    surface = distort.spline_surface(controls, (5, 7))
    down, along = distort.spline_weights(4, 5), distort.spline_weights(6, 7)
    for k, y, x in itertools.product(range(2), range(5), range(7)):
        terms = (
            down[y, i] * along[x, j] * controls[k, i, j]
            for i, j in itertools.product(range(4), range(6))
        )
        assert surface[k, y, x] == pytest.approx(sum(terms), abs=1e-5)


# The warp


@pytest.mark.parametrize(
    "warp",
    [
        Warp(shift=3.0),
        Warp(left=7, right=4),
        Warp(stretch=1.25),
        Warp(stretch=0.8, scale=0.85),
        Warp(shear=0.3),
        Warp(shear=-0.3, stretch=1.1),
        Warp(slope=0.03),
        Warp(stretch=0.9, scale=1.08, shift=-2, shear=0.2, slope=-0.02, left=5, right=-3),
    ],
)
@pytest.mark.parametrize("place", [(30.0, 14.0), (100.0, 24.0), (165.0, 33.0)])
def test_a_marker_lands_where_the_forward_formula_says(
    warp: Warp, place: tuple[float, float]
) -> None:
    height, width = 48, 200
    x, y = place
    middle, row = (width - 1) / 2, (height - 1) / 2
    landing = warp.left + (width * warp.stretch + abs(warp.shear) * (height - 1) - 1) / 2
    # The inverse of the map, solved by hand: two linear equations in the output point.
    across = warp.stretch * (x - middle)
    up_down = (warp.scale * (y - row) + warp.shift + warp.slope * across) / (
        1 + warp.slope * warp.shear
    )
    expected = (landing + across - warp.shear * up_down, row + up_down)
    assert centroid(distort.warped(blob(height, width, x, y), warp)) == pytest.approx(
        expected, abs=0.05
    )


def test_the_elastic_field_moves_ink_right_and_down() -> None:
    field = np.stack([np.full((5, 8), 4.0), np.full((5, 8), -3.0)]).astype(np.float32)
    moved = distort.warped(blob(48, 200, 90, 25), Warp(field=field))
    assert centroid(moved) == pytest.approx((94, 22), abs=0.05)


def test_the_default_warp_changes_nothing() -> None:
    line = some_line()
    np.testing.assert_array_equal(distort.warped(line, Warp()), line)


@pytest.mark.parametrize("stretch", [0.8, 1.0, 1.25])
@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_ink_mass_follows_the_magnification(stretch: float, shear: float) -> None:
    line = distort.blurred(some_line(), 1.0)
    result = distort.warped(line, Warp(stretch=stretch, scale=0.9, shear=shear))
    assert result.sum() == pytest.approx(line.sum() * stretch * 0.9, rel=0.01)


def test_a_tremor_below_half_the_spacing_never_folds() -> None:
    rng = np.random.default_rng(2)
    shape, columns = (48, 200), 12
    spacing = 199 / (columns - 3)
    field = rng.choice([-0.45, 0.45], (2, 48, columns)).astype(np.float32) * np.float32(spacing)
    field[1] = 0
    u, _ = distort.warp_maps(shape, Warp(field=field))
    assert np.diff(u, axis=1).min() > 0


def test_a_line_too_wide_for_the_resampler_stays() -> None:
    line = np.zeros((2, 40_000), np.float32)
    assert distort.warped(line, Warp(stretch=0.8)) is line


# Ink, page and scan


def test_full_dilation_and_erosion_are_the_extremes_of_the_cross() -> None:
    line = np.random.default_rng(5).random((9, 11)).astype(np.float32)
    around = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    inner = [[line[y + j, x + i] for j, i in around] for y in range(1, 8) for x in range(1, 10)]
    bold, light = distort.stroke_weight(line, 1.0), distort.stroke_weight(line, -1.0)
    np.testing.assert_allclose(bold[1:-1, 1:-1].ravel(), np.max(inner, axis=1), atol=1e-6)
    np.testing.assert_allclose(light[1:-1, 1:-1].ravel(), np.min(inner, axis=1), atol=1e-6)


def test_stroke_weight_grows_with_its_amount() -> None:
    line = some_line()
    masses = [float(distort.stroke_weight(line, a).sum()) for a in (-0.8, -0.4, 0, 0.4, 0.8)]
    assert masses == sorted(set(masses))
    assert masses[2] == pytest.approx(float(line.sum()))


def test_tone_is_a_power_then_a_slope() -> None:
    line = np.array([[0.0, 0.09, 0.3, 0.6, 0.9]], np.float32)
    np.testing.assert_allclose(distort.toned(line, 2.0, 1.0), line**2, atol=1e-6)
    np.testing.assert_allclose(distort.toned(line, 1.0, 2.0), [[0, 0, 0.3, 0.9, 1]], atol=1e-6)


def test_blur_and_lost_resolution_keep_the_ink_but_not_its_edges() -> None:
    line = some_line(48, 320)
    for result in (distort.blurred(line, 0.9), distort.resampled(line, 0.5)):
        assert result.shape == line.shape
        assert result.sum() == pytest.approx(line.sum(), rel=0.02)
        assert np.abs(np.diff(result, axis=1)).max() < np.abs(np.diff(line, axis=1)).max()


@pytest.mark.parametrize("width", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("row", [10.0, 10.5])
def test_a_ruled_line_adds_its_width_in_ink(width: float, row: float) -> None:
    paper = np.zeros((24, 30), np.float32)
    rows, ink = np.full(30, row, np.float32), np.full(30, 0.5, np.float32)
    ink[20:] = 0
    result = distort.ruled(paper, rows, ink, width)
    np.testing.assert_allclose(result[:, :20].sum(axis=0), 0.5 * width, rtol=1e-5)
    assert result[:, 20:].max() == 0
    assert centroid(result)[1] == pytest.approx(row)


def test_a_ruled_line_outside_the_picture_changes_nothing() -> None:
    line = some_line()
    rows, ink = np.full(line.shape[1], -9, np.float32), np.ones(line.shape[1], np.float32)
    np.testing.assert_array_equal(distort.ruled(line, rows, ink, 1.0), line)


def test_overlaid_ink_multiplies_the_light() -> None:
    result = distort.overlaid(np.float32([[0, 0.5, 1]]), np.float32([[0.5, 0.5, 0.5]]))
    np.testing.assert_allclose(result, [[0.5, 0.75, 1]])


def test_a_neighbour_leaves_its_feet_above_and_its_heads_below() -> None:
    neighbour = np.zeros((20, 6), np.float32)
    neighbour[5:15] = np.linspace(0.5, 0.95, 10, dtype=np.float32)[:, None]
    depths = np.float32([3, 3, 1, 0, -2, 2.5])
    paper = np.zeros_like(neighbour)
    above = distort.with_neighbour(paper, neighbour, depths, above=True)
    below = distort.with_neighbour(paper, neighbour, depths, above=False)
    np.testing.assert_allclose(above[:3, 0], neighbour[12:15, 0], atol=1e-6)
    np.testing.assert_allclose(below[-3:, 0], neighbour[5:8, 0], atol=1e-6)
    for result, edge in ((above, 0), (below, -1)):
        assert (result > 0).sum(axis=0).tolist() == [3, 3, 1, 0, 0, 3]
        assert result[edge, 2] > 0


def test_tiled_repeats_scales_and_cuts() -> None:
    line = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert distort.tiled(line, (2, 7))[1].tolist() == [3, 4, 5, 3, 4, 5, 3]
    assert distort.tiled(line, (2, 2))[0].tolist() == [0, 1]
    assert distort.tiled(np.ones((96, 50), np.float32), (48, 60)).shape == (48, 60)


def test_margins_and_rows_of_the_ink() -> None:
    line = np.zeros((10, 20), np.float32)
    assert distort.blank_margins(line) == (0, 0)
    assert distort.ink_rows(line) == (0, 10)
    line[3:6, 4:15] = 1
    assert distort.blank_margins(line) == (4, 5)
    assert distort.ink_rows(line) == (3, 6)


def test_holes_take_ink_away_and_are_small() -> None:
    rng = np.random.default_rng(6)
    for _ in range(20):
        missing = 1 - distort.with_holes(np.ones((48, 300), np.float32), 4.0, rng)
        assert 0 < missing.sum() <= 3 * np.pi * 5.0**2
        assert set(np.unique(missing)) == {0.0, 1.0}


def test_specks_have_their_density_and_both_colours() -> None:
    grey = np.full((100, 1000), 0.5, np.float32)
    result = distort.with_specks(grey, 0.001, np.random.default_rng(7))
    changed = int((result != 0.5).sum())  # 100 specks, one or (3 of 4) two pixels each
    assert 120 < changed < 230
    assert {0.0, 1.0} < set(np.unique(result))


def test_texture_is_coarse_and_has_about_its_deviation() -> None:
    grain = distort.texture(np.random.default_rng(8), 0.1, (60, 900))
    assert grain.shape == (60, 900)
    assert 0.05 < grain.std() <= 0.11  # interpolation takes some of it
    neighbours = np.corrcoef(grain[:, :-1].ravel(), grain[:, 1:].ravel())[0, 1]
    assert neighbours > 0.5
