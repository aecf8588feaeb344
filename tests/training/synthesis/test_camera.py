from __future__ import annotations

import numpy as np
import pytest

from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis.camera import LEAST_X_HEIGHT, Camera, Grey, photographed
from ocr.types import Float32Array


def text_like() -> Float32Array:
    """Paper of 0.8 with strokes of 0.2."""
    light = np.full((40, 160), 0.8, np.float32)
    light[10:30, 20:140:8] = 0.2
    light[10:30, 21:140:8] = 0.2
    return light


def seen(light: Float32Array, seed: int = 0, x_height: float = 16.0, **ranges: object) -> Grey:
    return photographed(light, x_height, Camera(**ranges), np.random.default_rng(seed))


def test_a_perfect_camera_rounds_to_grey_values() -> None:
    light = np.random.default_rng(0).random((9, 11)).astype(np.float32)
    np.testing.assert_array_equal(seen(light), np.floor(light * 255 + 0.5).astype(np.uint8))


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("shade", Amount(1, 0.5, 0.5)),
        ("shadow", Amount(1, 0.5, 0.5)),
        ("blur", Amount(1, 1, 1)),
        ("shake", Amount(1, 3, 3)),
        ("sharpening", Amount(1, 1, 1)),
        ("contrast", Ratio(1, 1.5, 1.5)),
        ("gamma", Ratio(1, 1.5, 1.5)),
        ("noise", Amount(1, 0.05, 0.05)),
        ("jpeg", Amount(1, 60, 60)),
        ("bilevel", Amount(1, 0.5, 0.5)),
    ],
)
def test_every_step_changes_the_picture_but_not_its_size(name: str, amount: object) -> None:
    plain, changed = seen(text_like()), seen(text_like(), **{name: amount})
    assert changed.shape == plain.shape
    assert changed.dtype == np.uint8
    assert (changed != plain).any()
    assert changed[20, 24] > changed[20, 20]  # paper between strokes stays the brighter


def test_the_formulas_of_the_sensor() -> None:
    light = np.float32([[0.1, 0.5, 0.9]])
    assert seen(light, contrast=Ratio(1, 1.5, 1.5)).tolist() == [[0, 128, 255]]
    expected = [[round(255 * value**2) for value in (0.1, 0.5, 0.9)]]
    assert seen(light, gamma=Ratio(1, 2, 2)).tolist() == expected


def test_a_negative_is_exposed_for_its_letters() -> None:
    """A dark ground stays dark under a lamp to one side, and light letters are not burnt out."""
    for seed in range(20):
        ranges = {"shade": Amount(1, 0.4, 0.4), "shadow": Amount(0.5, 0.4, 0.4)}
        negative = seen(1 - text_like(), seed, **ranges)
        assert np.median(negative) < 0.3 * 255
        assert (negative == 255).mean() < 0.01
        assert negative[20, 20] > negative[20, 24] + 40


def test_noise_has_its_deviation() -> None:
    grey = seen(np.full((200, 300), 0.5, np.float32), noise=Amount(1, 0.04, 0.04))
    assert grey.std() == pytest.approx(0.04 * 255, rel=0.05)


def test_two_levels_are_split_at_the_threshold_wherever_the_paper_is_dark() -> None:
    """Strokes of 0.3, 0.5 and 0.7 of the contrast, on bright paper and in a dark corner."""
    light = np.full((60, 400), 0.8, np.float32)
    for column, share in ((20, 1.0), (60, 0.7), (100, 0.5), (140, 0.3)):
        for start in (column, column + 200):
            light[:, start : start + 6] *= 1 - 0.75 * share
    light[:, 200:] *= 0.5
    for threshold, struck in ((0.4, (20, 60)), (0.6, (20, 60, 100)), (0.8, (20, 60, 100, 140))):
        grey = seen(light, bilevel=Amount(1, threshold, threshold))
        assert set(np.unique(grey)) == {0, 255}
        black = np.flatnonzero(grey[30] == 0)
        far = [column for column in black if abs(column - 200) > 15]  # from the shadow's edge
        assert far == sorted(c + d for c in struck for d in (*range(6), *range(200, 206)))


def test_grain_is_not_taken_for_the_paper() -> None:
    """A line with noise, split near its paper's tone, is not buried in pepper."""
    light = np.full((48, 300), 0.55, np.float32)
    light[20:26, 20:280] = 0.25
    grey = seen(light, noise=Amount(1, 0.04, 0.04), bilevel=Amount(1, 0.68, 0.68))
    paper = np.delete(grey, np.s_[16:30], axis=0)
    assert (paper == 0).mean() < 0.02


def test_resolution_scales_the_picture_but_keeps_small_letters_readable() -> None:
    half = Ratio(1, 0.5, 0.5)
    assert seen(text_like(), scale=half).shape == (20, 80)
    assert seen(text_like(), scale=Ratio(1, 1.2, 1.2)).shape == (48, 192)
    assert seen(text_like(), x_height=LEAST_X_HEIGHT / 0.75, scale=half).shape == (30, 120)
    assert seen(text_like(), x_height=LEAST_X_HEIGHT / 2, scale=half).shape == (40, 160)


def test_uneven_light_is_exposed_for() -> None:
    for seed in range(10):
        for ranges in ({"shade": Amount(1, 0.6, 0.6)}, {"shadow": Amount(1, 0.5, 0.5)}):
            light = np.full((40, 200), 0.8, np.float32)
            grey = seen(light, seed, **ranges)
            assert grey.min() >= 204 * 0.4 * 0.69
            assert np.ptp(grey) > 10
            assert np.median(grey) >= 0.54 * 255
