"""The best path of a known text against all paths that read it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.alphabet import frames_needed
from ocr.decoding import native
from ocr.decoding.alignment import align_labels
from ocr.decoding.greedy import collapse, greedy

LABELS = st.lists(st.integers(1, 3), max_size=4).map(tuple)


def path_of(labels: tuple[int, ...], spans: tuple[tuple[int, int], ...], frames: int) -> list[int]:
    path = [0] * frames
    for label, (start, end) in zip(labels, spans, strict=True):
        assert start < end
        path[start:end] = [label] * (end - start)
    return path


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), LABELS)
def test_the_path_is_the_best_of_all(seed: int, frames: int, labels: tuple[int, ...]) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(4), frames)
    log_probs = np.log(probabilities).astype(np.float32)
    if frames_needed("".join(map(str, labels))) > frames:
        with pytest.raises(ValueError, match=f"{frames} frames cannot hold {len(labels)} labels"):
            align_labels(log_probs, labels)
        return

    def score(path: list[int]) -> float:
        return float(sum(log_probs[t, k] for t, k in enumerate(path)))

    found = path_of(labels, align_labels(log_probs, labels), frames)
    assert collapse(found) == labels
    best = max(score(list(p)) for p in product(range(4), repeat=frames) if collapse(p) == labels)
    assert score(found) == pytest.approx(best, abs=1e-5)


def test_the_greedy_text_lies_where_greedy_found_it() -> None:
    log_probs = np.log(np.random.default_rng(1).dirichlet(np.ones(5) / 4, 500)).astype(np.float32)
    (hypothesis,) = greedy(log_probs)
    spans = align_labels(log_probs, hypothesis.labels)
    path = path_of(hypothesis.labels, spans, 500)
    assert path == log_probs.argmax(axis=1).tolist()


@pytest.mark.parametrize("compiled", [True, False])
def test_of_equal_paths_the_earliest_wins(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiled and not native.can_run():
        pytest.skip("no compiler here")
    monkeypatch.setattr(native, "can_run", lambda: compiled)
    assert align_labels(np.zeros((4, 3), np.float32), (1, 2)) == ((0, 1), (1, 2))


def test_no_frames() -> None:
    assert align_labels(np.zeros((0, 3), np.float32), ()) == ()
    with pytest.raises(ValueError, match="0 frames cannot hold 1 labels"):
        align_labels(np.zeros((0, 3), np.float32), (1,))
