"""Confidences: temperatures planted and found again, errors counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ocr.confidence import (
    BINS,
    SPREAD,
    Bin,
    calibration_error,
    errors_removed,
    fit_temperature,
    label_posteriors,
    reliability,
    tempered,
    whole,
)


def test_tempered_log_probabilities_are_the_softmax_of_what_was_divided() -> None:
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(6), 20)).astype(np.float32)
    assert tempered(log_probs, 1.0) is log_probs
    for temperature in (0.5, 3.0):
        powers = np.exp(log_probs.astype(np.float64)) ** (1 / temperature)
        expected = powers / powers.sum(axis=1, keepdims=True)
        found = tempered(log_probs, temperature)
        np.testing.assert_allclose(np.exp(found), expected, rtol=1e-5)
        assert found.dtype == np.float32
        assert (found.argmax(axis=1) == log_probs.argmax(axis=1)).all()
    assert tempered(np.zeros((0, 6), np.float32), 2.0).shape == (0, 6)
    hard = np.array([[0.0, -np.inf]], np.float32)
    np.testing.assert_array_equal(tempered(hard, 2.0), hard)


def test_a_whole_is_right_where_all_its_parts_are() -> None:
    assert whole([0.5, 0.5, 0.8]) == 0.2
    assert whole([]) == 0.0


@pytest.mark.parametrize("planted", [0.5, 1.0, 1.7, 4.0])
def test_the_planted_temperature_is_found(planted: float) -> None:
    """Labels are drawn right as often as their posterior at the planted temperature says."""
    rng = np.random.default_rng(3)
    margins = -rng.exponential(3.0, (40_000, 4))
    right = rng.random(len(margins)) < label_posteriors(margins, planted)
    found = fit_temperature(margins, right)
    assert found == pytest.approx(planted, rel=0.05)

    def cost(temperature: float) -> float:
        p = label_posteriors(margins, temperature)
        surprise = -float(np.log(np.where(right, p, 1 - p)).sum())
        return surprise + (math.log(temperature) / SPREAD) ** 2 / 2

    assert cost(found) <= min(cost(t) for t in np.geomspace(0.2, 8, 100)) + 1e-5


@pytest.mark.parametrize("expected", [1.0, 1.8])
def test_few_labels_without_a_mistake_are_no_certainty(expected: float) -> None:
    margins = -np.random.default_rng(1).exponential(6.0, (300, 4)) - 12  # sure of all
    right = np.ones(len(margins), bool)
    assert fit_temperature(margins, right, expected) == pytest.approx(expected, rel=0.35)
    assert fit_temperature(np.zeros((0, 4)), np.zeros(0, bool), expected) == pytest.approx(expected)


def test_one_certain_mistake_does_not_decide_alone() -> None:
    margins = np.full((1000, 1), -2.0)
    margins[0] = -1000.0
    right = np.arange(1000) % 9 > 0  # about 88 % of those that claim 88 %
    right[0] = False
    assert fit_temperature(margins, right) == pytest.approx(1.0, rel=0.15)


def test_bins_worked_by_hand() -> None:
    confidences = [0.0, 0.01, 0.99, 1.0, 0.95, 0.5]
    bins = reliability(confidences, [True, False, True, True, False, True])
    assert bins == (
        Bin(2, pytest.approx(0.005), 0.5),
        Bin(1, 0.5, 1.0),
        Bin(3, pytest.approx(0.98), pytest.approx(2 / 3)),
    )
    expected = (2 * 0.495 + 1 * 0.5 + 3 * (0.98 - 2 / 3)) / 6
    assert calibration_error(bins) == pytest.approx(expected)
    assert reliability([], []) == ()
    assert calibration_error(()) == 0.0


def test_what_is_as_often_right_as_it_claims_has_no_calibration_error() -> None:
    rng = np.random.default_rng(1)
    confidences = rng.random(100_000)
    right = rng.random(100_000) < confidences
    bins = reliability(confidences.tolist(), right.tolist())
    assert len(bins) == BINS
    assert sum(entry.count for entry in bins) == 100_000
    assert calibration_error(bins) < 0.01
    overconfident = np.sqrt(confidences)
    gap = calibration_error(reliability(overconfident.tolist(), right.tolist()))
    assert gap == pytest.approx(2 / 3 - 1 / 2, abs=0.01)  # mean of sqrt(x) less mean of x


def test_the_least_confident_lines_are_corrected_first() -> None:
    confidences, errors = [0.9, 0.1, 0.5, 0.5], [1, 6, 2, 3]
    removed = errors_removed(confidences, errors, (0.0, 0.25, 0.5, 0.75, 1.0))
    assert removed == (0.0, 6 / 12, 8 / 12, 11 / 12, 1.0)
    assert errors_removed([0.5], [0], (1.0,)) == (0.0,)
    assert math.isclose(sum(errors_removed([], [], (0.5,))), 0.0)
