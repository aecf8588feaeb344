"""Probabilities of being right: how they are set, added up, and held against what was right.

A character's confidence is its posterior. That of a word or a line is the probability that all
its characters are right, the product of theirs, as if errors came independently: where they come
together, it is too low. Both are trusted only as far as they are calibrated: of all characters
with confidence 0.8, 80 % should be right.

    tempered log-probabilities   log softmax(log_probs / T)
    expected calibration error   sum over bins b of n_b / n * |right share of b - mean of b|

C. Guo, G. Pleiss, Y. Sun & K. Q. Weinberger, "On calibration of modern neural networks", ICML
2017, sections 2 and 4.2. One temperature T per model cannot change which label is the best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr.types import BoolArray, Float32Array, Float64Array, FloatArray

BINS = 15  # of equal width, as in the paper
COOLEST, HOTTEST = 0.1, 10.0  # temperatures that are tried
STEPS = 40  # of the golden section: the interval shrinks to 1e-8 of its logarithm
# Standard deviation of the logarithm of temperatures: so far from the expected one they lie before
# anything was read. Those of whole validation lists lie between 0.98 and 1.18.
SPREAD = 0.3
CERTAIN = 1.0 - 1e-6  # a wrong character counts as if it had been at most so certain


def tempered(log_probs: Float32Array, temperature: float) -> Float32Array:
    """Log-probabilities (T, K) made softer by a temperature above 1, sharper by one below."""
    if temperature == 1.0:
        return log_probs
    scores = log_probs / np.float32(temperature)
    peaks = scores.max(axis=1, keepdims=True, initial=-np.inf)
    sums = np.exp(scores - peaks).sum(axis=1, keepdims=True)
    return np.asarray(scores - peaks - np.log(sums), np.float32)


def whole(confidences: Sequence[float]) -> float:
    """The probability that all are right; 0 where there is nothing to be right."""
    return math.prod(confidences) if confidences else 0.0


def label_posteriors(margins: FloatArray, temperature: float) -> Float64Array:
    """(U,) the probability 0..1 of labels whose rivals score ``margins`` (U, R) more than they."""
    with np.errstate(over="ignore"):  # a hopeless label
        posteriors: Float64Array = 1.0 / (1.0 + np.exp(margins / temperature).sum(axis=1))
    return posteriors


def fit_temperature(margins: FloatArray, right: BoolArray, expected: float = 1.0) -> float:
    """The temperature at which labels are right as often as they claim: that with the least
    cross-entropy of posterior and outcome, by golden section (Kiefer 1953).

    margins   (U, R) as in ``label_posteriors``; right (U,) whether each label was
    expected  the temperature before anything is known: its logarithm is the mean of a normal
              distribution. A few lines in which nothing is wrong would else mean certainty.
    """

    def cost(log_temperature: float) -> float:
        posteriors = label_posteriors(margins, math.exp(log_temperature))
        likelihood = np.where(right, posteriors, 1.0 - np.minimum(posteriors, CERTAIN))
        surprise = -float(np.log(np.maximum(likelihood, 1.0 - CERTAIN)).sum())
        return surprise + ((log_temperature - math.log(expected)) / SPREAD) ** 2 / 2

    low, high = math.log(COOLEST), math.log(HOTTEST)
    ratio = (math.sqrt(5) - 1) / 2
    left, right_side = high - ratio * (high - low), low + ratio * (high - low)
    costs = cost(left), cost(right_side)
    for _ in range(STEPS):
        if costs[0] < costs[1]:
            high, right_side = right_side, left
            left = high - ratio * (high - low)
            costs = cost(left), costs[0]
        else:
            low, left = left, right_side
            right_side = low + ratio * (high - low)
            costs = costs[1], cost(right_side)
    return math.exp((low + high) / 2)


@dataclass(frozen=True, slots=True)
class Bin:
    """The characters whose confidence lies in one of ``BINS`` intervals.

    count       of them
    confidence  their mean, 0..1
    right       the share that was right, 0..1
    """

    count: int
    confidence: float
    right: float


def reliability(
    confidences: Sequence[float] | Float64Array, right: Sequence[bool] | BoolArray
) -> tuple[Bin, ...]:
    """The bins that hold anything, from unsure to certain."""
    values, outcomes = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    numbers = np.minimum((values * BINS).astype(np.int64), BINS - 1)
    bins = []
    for number in np.unique(numbers):
        inside = numbers == number
        mean, share = float(values[inside].mean()), float(outcomes[inside].mean())
        bins.append(Bin(int(inside.sum()), mean, share))
    return tuple(bins)


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error, 0..1; 0 where there are no bins."""
    total = sum(entry.count for entry in bins)
    gaps = sum(entry.count * abs(entry.right - entry.confidence) for entry in bins)
    return gaps / total if total else 0.0


def errors_removed(
    confidences: Sequence[float], errors: Sequence[int], shares: Sequence[float]
) -> tuple[float, ...]:
    """What share of all errors is gone when the least confident lines are corrected.

    confidences, errors  (N,) of the lines; ``shares`` 0..1 of the lines that are corrected
    Lines of one confidence are taken in their order. Without errors there are none to remove: 0.
    """
    order = np.argsort(np.array(confidences, np.float64), kind="stable")
    gone = np.concatenate([[0], np.cumsum(np.array(errors, np.int64)[order])])
    corrected = [round(share * len(errors)) for share in shares]
    return tuple(float(gone[count] / max(1, gone[-1])) for count in corrected)
