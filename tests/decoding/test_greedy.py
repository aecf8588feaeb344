"""Best path decoding against a scalar loop and against brute force over all paths."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr.decoding.greedy import collapse, greedy


def random_log_probs(seed: int, frames: int, labels: int) -> NDArray[np.float32]:
    """(frames, labels) log-softmax of normal scores, peaked as a trained network's are."""
    scores = 3.0 * np.random.default_rng(seed).standard_normal((frames, labels))
    log_sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return (scores - log_sums).astype(np.float32)


def scalar_greedy(
    log_probs: NDArray[np.float32],
) -> tuple[list[int], list[tuple[int, int]], float, list[float]]:
    """One frame after the other: labels, spans, optical score, posteriors."""
    labels: list[int] = []
    spans: list[tuple[int, int]] = []
    posteriors: list[float] = []
    optical, before = 0.0, 0
    for frame, row in enumerate(log_probs.tolist()):
        label = max(range(len(row)), key=lambda k: (row[k], -k))
        optical += row[label]
        if label != 0 and label == before:
            spans[-1] = (spans[-1][0], frame + 1)
            posteriors[-1] = max(posteriors[-1], math.exp(row[label]))
        elif label != 0:
            labels.append(label)
            spans.append((frame, frame + 1))
            posteriors.append(math.exp(row[label]))
        before = label
    return labels, spans, optical, posteriors


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 5))
def test_greedy_equals_a_scalar_loop(seed: int, frames: int, size: int) -> None:
    log_probs = random_log_probs(seed, frames, size)
    (hypothesis,) = greedy(log_probs)
    labels, spans, optical, posteriors = scalar_greedy(log_probs)
    assert hypothesis.labels == tuple(labels)
    assert hypothesis.spans == tuple(spans)
    assert hypothesis.optical == pytest.approx(optical, abs=1e-9)
    assert hypothesis.posteriors == pytest.approx(posteriors, rel=1e-5)
    assert hypothesis.language == 0.0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 4))
def test_optical_score_is_the_best_of_all_paths(seed: int, frames: int, size: int) -> None:
    log_probs = random_log_probs(seed, frames, size)
    scores = {
        path: sum(float(log_probs[t, k]) for t, k in enumerate(path))
        for path in product(range(size), repeat=frames)
    }
    best = max(scores, key=scores.__getitem__)
    (hypothesis,) = greedy(log_probs)
    assert hypothesis.optical == pytest.approx(scores[best], abs=1e-9)
    assert hypothesis.labels == collapse(best)


@given(st.lists(st.integers(0, 3), max_size=12))
def test_collapse_equals_its_definition(path: list[int]) -> None:
    merged = [k for t, k in enumerate(path) if t == 0 or path[t - 1] != k]
    assert collapse(path) == tuple(k for k in merged if k != 0)


def test_collapse_keeps_doubled_characters_with_a_blank_between() -> None:
    assert collapse([1, 1, 0, 1, 2, 2, 0, 0]) == (1, 1, 2)
    assert collapse([]) == ()
    assert collapse([0, 0]) == ()


@pytest.mark.parametrize("path", [[2, 2], [0, 2, 2], [2, 2, 0]])
def test_spans_reach_the_first_and_the_last_frame(path: list[int]) -> None:
    log_probs = np.log(np.full((len(path), 3), 0.1, dtype=np.float32))
    log_probs[np.arange(len(path)), path] = math.log(0.8)
    first = path.index(2)
    assert greedy(log_probs)[0].spans == ((first, first + 2),)


def test_no_frames_read_as_no_text() -> None:
    (hypothesis,) = greedy(np.zeros((0, 7), dtype=np.float32))
    assert (hypothesis.labels, hypothesis.spans, hypothesis.posteriors) == ((), (), ())
    assert hypothesis.optical == 0.0


def test_blank_wins_a_tie() -> None:
    assert greedy(np.full((3, 4), math.log(0.25), dtype=np.float32))[0].labels == ()


def test_posteriors_are_probabilities_even_where_log_softmax_rounds_above_one() -> None:
    (hypothesis,) = greedy(np.array([[-20.0, 1e-6]], dtype=np.float32))
    assert hypothesis.posteriors == (1.0,)
    assert all(type(value) is int for value in (*hypothesis.labels, *hypothesis.spans[0]))
