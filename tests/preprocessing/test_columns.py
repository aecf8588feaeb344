"""Column features against a scalar loop written from the formulas, and against hand-made lines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ocr.preprocessing.columns import GEOMETRIC_NAMES, columns_from_line, geometric_features

WEIGHT, GRAVITY, MOMENT, UPPER, LOWER, UPPER_GRADIENT, LOWER_GRADIENT, RUNS, FILLED = range(9)


def image(*rows: str) -> np.ndarray:
    """Ink (H, W) of a drawing: # is ink, anything else paper."""
    return np.array([[float(c == "#") for c in row] for row in rows], dtype=np.float32)


def edges(width: int) -> np.ndarray:
    return np.linspace(3, 3 + 2.5 * width, width + 1, dtype=np.float32)


def nearest(inked: list[int], x: int, side: int) -> int | None:
    """The inked column next to x on the left (side -1) or right (+1), x itself included."""
    found = [other for other in inked if (other - x) * side >= 0]
    return min(found, key=lambda other: abs(other - x), default=None)


def filled_in(positions: list[float | None], x: int) -> float:
    """A contour at column x, where need be on the straight line between its neighbours."""
    inked = [i for i, position in enumerate(positions) if position is not None]
    left, right = nearest(inked, x, -1), nearest(inked, x, +1)
    if left is None and right is None:
        return 0.5
    if left is None or right is None or left == right:
        return positions[left if left is not None else right]  # type: ignore[index,return-value]
    share = (x - left) / (right - left)
    return (1 - share) * positions[left] + share * positions[right]  # type: ignore[operator]


def scalar_features(values: np.ndarray) -> np.ndarray:
    """The nine features pixel by pixel, from the formulas at the top of columns.py."""
    height, width = values.shape
    features = np.zeros((width, 9))
    uppers: list[float | None] = []
    lowers: list[float | None] = []
    for x in range(width):
        black = [bool(values[i, x] >= 0.5) for i in range(height)]
        ys = [(i + 0.5) / height for i in range(height) if black[i]]
        uppers.append(min(ys, default=None))
        lowers.append(max(ys, default=None))
        features[x, WEIGHT] = len(ys) / height
        features[x, GRAVITY] = sum(ys) / height
        features[x, MOMENT] = sum(y**2 for y in ys) / height
        previous = False
        for pixel in black:
            features[x, RUNS] += pixel and not previous
            previous = pixel
        if ys:
            features[x, FILLED] = len(ys) / (round((max(ys) - min(ys)) * height) + 1)
    for column, contour in ((UPPER, uppers), (LOWER, lowers)):
        line = [filled_in(contour, x) for x in range(width)]
        for x in range(width):
            before, after = line[max(x - 1, 0)], line[min(x + 1, width - 1)]
            features[x, column] = line[x]
            features[x, column + 2] = math.atan(height * (after - before) / 2) / (math.pi / 2)
    return features


@pytest.mark.parametrize("density", [0.0, 0.03, 0.2, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("shape", [(16, 1), (16, 2), (48, 90), (1, 30), (7, 41)])
def test_scalar_loop(density: float, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(int(1000 * density) + shape[1])
    for _ in range(3):
        values = random.random(shape).astype(np.float32) * 0.49
        values[random.random(shape) < density] += 0.5
        values[:, random.random(shape[1]) < 0.3] *= 0.5
        found = columns_from_line(values, edges(shape[1]), "geometric").values
        np.testing.assert_allclose(found, scalar_features(values), atol=1e-6)


def test_shapes_types_and_names() -> None:
    values = np.random.default_rng(0).random((48, 30)).astype(np.float32)
    assert len(GEOMETRIC_NAMES) == 9
    for features, count in (("conv", 48), ("pixels", 48), ("geometric", 9)):
        columns = columns_from_line(values, edges(30), features)
        assert columns.values.shape == (30, count)
        assert columns.values.dtype == columns.edges.dtype == np.float32
        assert columns.values.flags.c_contiguous
        np.testing.assert_array_equal(columns.edges, edges(30))


@pytest.mark.parametrize("features", ["conv", "pixels"])
def test_pixels_are_the_transposed_image(features: str) -> None:
    values = np.random.default_rng(1).random((16, 5)).astype(np.float32)
    columns = columns_from_line(values, edges(5), features).values
    for x in range(5):
        np.testing.assert_array_equal(columns[x], values[:, x])


def test_refusals() -> None:
    values = np.zeros((16, 5), dtype=np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        columns_from_line(values, edges(6), "conv")


def test_no_columns() -> None:
    for features in ("conv", "geometric"):
        columns = columns_from_line(np.zeros((16, 0), dtype=np.float32), edges(0), features)
        assert columns.values.shape[0] == 0


def test_vertical_bar() -> None:
    """Rows 1 and 2 of 4 are black in every column: y = 3/8 and 5/8."""
    found = geometric_features(image("...", "###", "###", "..."))
    row = [2 / 4, 1 / 4, (9 + 25) / 64 / 4, 3 / 8, 5 / 8, 0, 0, 1, 1]
    np.testing.assert_allclose(found, [row] * 3, atol=1e-7)


def test_single_pixel() -> None:
    """One pixel in row 3 of 4, y = 7/8; beside it the contours stay at its level."""
    found = geometric_features(image("...", "...", "...", ".#."))
    np.testing.assert_allclose(
        found[1], [1 / 4, 7 / 32, 49 / 256, 7 / 8, 7 / 8, 0, 0, 1, 1], atol=1e-7
    )
    for x in (0, 2):
        np.testing.assert_allclose(found[x], [0, 0, 0, 7 / 8, 7 / 8, 0, 0, 0, 0], atol=1e-7)


def test_empty_line() -> None:
    found = geometric_features(np.zeros((8, 3), dtype=np.float32))
    np.testing.assert_array_equal(found, [[0, 0, 0, 0.5, 0.5, 0, 0, 0, 0]] * 3)


def test_empty_column_between_two_levels() -> None:
    """Row 0, nothing, row 4 of 6: y = 1/12, 9/12 and 5/12 half way; a slope of 2 px per px."""
    found = geometric_features(image("#..", "...", "...", "...", "..#", "..."))
    np.testing.assert_allclose(found[:, UPPER], [1 / 12, 5 / 12, 9 / 12], atol=1e-7)
    np.testing.assert_allclose(found[:, LOWER], found[:, UPPER])
    turn = 2 / math.pi * math.atan(2)
    # at the ends the contour goes on level: half the slope
    expected = [0.5, turn, 0.5]
    np.testing.assert_allclose(found[:, UPPER_GRADIENT], expected, atol=1e-7)
    np.testing.assert_allclose(found[:, LOWER_GRADIENT], expected, atol=1e-7)
    assert found[1, [WEIGHT, GRAVITY, MOMENT, RUNS, FILLED]].tolist() == [0] * 5


def test_two_strokes() -> None:
    """Rows 0, 1 and 4 of 5: two runs, the first at the very top, 3 of 5 pixels filled."""
    found = geometric_features(image("#", "#", ".", ".", "#"))[0]
    assert found[RUNS] == 2
    assert found[FILLED] == pytest.approx(3 / 5)
    assert (found[UPPER], found[LOWER]) == pytest.approx((1 / 10, 9 / 10))
    assert found[GRAVITY] / found[WEIGHT] == pytest.approx((0.1 + 0.3 + 0.9) / 3)


def test_half_ink_is_black() -> None:
    threshold = np.array([[0.5], [np.nextafter(np.float32(0.5), np.float32(0))]], dtype=np.float32)
    assert geometric_features(threshold)[0, WEIGHT] == 0.5


def test_a_mirrored_line_has_mirrored_features() -> None:
    values = np.random.default_rng(5).random((12, 60)).astype(np.float32) ** 6
    found, mirrored = geometric_features(values), geometric_features(values[:, ::-1])
    signs = np.ones(9)
    signs[[UPPER_GRADIENT, LOWER_GRADIENT]] = -1
    np.testing.assert_allclose(mirrored[::-1] * signs, found, atol=1e-6)


def test_features_stay_within_their_ranges() -> None:
    values = np.random.default_rng(6).random((48, 300)).astype(np.float32)
    found = np.concatenate([geometric_features(values), geometric_features(values > 2)])
    low = np.array([0, 0, 0, 0, 0, -1, -1, 0, 0])
    high = np.array([1, 1 / 2, 1 / 3, 1, 1, 1, 1, 24, 1])
    assert (found >= low).all()
    assert (found <= high).all()
