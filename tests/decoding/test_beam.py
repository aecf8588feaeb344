"""Prefix beam search against brute force over all paths, the forward algorithm and torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decoding.automaton import Automaton, anything
from ocr.decoding.beam import BeamDecoder, beam_decoder
from ocr.decoding.greedy import collapse, greedy
from ocr.decoding.search import Merit
from ocr.options import DecodingOptions
from ocr.types import Hypothesis

ENDLESS = 10_000  # wider than there are texts
BIGRAM = np.log([[0.2, 0.5, 0.2, 0.1], [0.4, 0.1, 0.3, 0.2], [0.1, 0.6, 0.1, 0.2], [0.25] * 4])
"""ln p(next | last) over end and labels 1 to 3; the row of the end is that of the beginning."""


def random_log_probs(seed: int, frames: int, labels: int) -> NDArray[np.float32]:
    """(frames, labels) log-softmax of normal scores, peaked as a trained network's are."""
    scores = 3.0 * np.random.default_rng(seed).standard_normal((frames, labels))
    log_sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return (scores - log_sums).astype(np.float32)


def text_probabilities(log_probs: NDArray[np.float32]) -> dict[tuple[int, ...], float]:
    """The probability of every text: the sum over all paths that collapse to it."""
    texts: dict[tuple[int, ...], float] = {}
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        value = math.exp(sum(float(log_probs[t, k]) for t, k in enumerate(path)))
        text = collapse(path)
        texts[text] = texts.get(text, 0.0) + value
    return texts


def bigram_score(labels: Sequence[int]) -> float:
    steps = [0, *labels, 0]
    return float(sum(BIGRAM[a, b] for a, b in pairwise(steps)))


def bigram_automaton() -> Automaton:
    """State 1 is the beginning of a line, state 1 + k is after label k; the root is not used."""
    rows = [np.zeros(4), *BIGRAM]
    return Automaton(
        first=np.arange(0, 24, 4, dtype=np.int32),
        symbols=np.tile(np.arange(4, dtype=np.int32), 5),
        targets=np.tile(np.array([1, 2, 3, 4], np.int32), 5),
        scores=np.concatenate(rows).astype(np.float32),
        fallbacks=np.zeros(5, np.int32),
        prices=np.zeros(5, np.float32),
    )


def decoder(size: int, width: int = ENDLESS, readings: int = ENDLESS) -> BeamDecoder:
    return BeamDecoder(anything(size), np.arange(size), Merit(0.0, 0.0, width), readings=readings)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(1, 4))
def test_an_endless_beam_gives_every_text_its_probability(
    seed: int, frames: int, size: int
) -> None:
    log_probs = random_log_probs(seed, frames, size)
    expected = text_probabilities(log_probs)
    found = {h.labels: h.optical for h in decoder(size)(log_probs)}
    assert found.keys() == expected.keys()
    for text, probability in expected.items():
        assert found[text] == pytest.approx(math.log(probability), abs=1e-5)
    ranked = [h.optical for h in decoder(size)(log_probs)]
    assert ranked == sorted(ranked, reverse=True)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_with_a_language_model_the_best_of_all_texts_is_found(seed: int, frames: int) -> None:
    log_probs = random_log_probs(seed, frames, 4)
    weight, bonus = 0.7, 0.4
    merit = Merit(weight, bonus, ENDLESS)
    hypotheses = BeamDecoder(bigram_automaton(), np.arange(4), merit, readings=ENDLESS)(log_probs)
    expected = {
        text: math.log(p) + weight * bigram_score(text) + bonus * len(text)
        for text, p in text_probabilities(log_probs).items()
    }

    def total(h: Hypothesis) -> float:
        return h.optical + weight * h.language + bonus * len(h.labels)

    assert {h.labels for h in hypotheses} == expected.keys()
    for h in hypotheses:
        assert h.language == pytest.approx(bigram_score(h.labels), abs=1e-5)
        assert total(h) == pytest.approx(expected[h.labels], abs=1e-5)
    ranked = [total(h) for h in hypotheses]
    assert ranked == sorted(ranked, reverse=True)


def test_no_text_goes_on_that_is_far_behind() -> None:
    """And where none is, the reach changes nothing."""
    for seed in range(20):
        log_probs = random_log_probs(seed, 12, 4)
        whole, near, far = (
            BeamDecoder(anything(4), np.arange(4), Merit(0.0, 0.3, 500, reach), readings=500)
            for reach in (math.inf, 2.0, 1000.0)
        )
        scores = np.array([h.optical + 0.3 * len(h.labels) for h in near(log_probs)])
        assert len(scores) < len(whole(log_probs))
        assert scores.min() >= scores.max() - 2.0 - 1e-9
        assert far(log_probs) == whole(log_probs)


def forward_score(log_probs: NDArray[np.float32], labels: Sequence[int]) -> float:
    """ln P(labels) by the forward algorithm (Graves et al. 2006, equations 5 to 7)."""
    states = [0]
    for label in labels:
        states += [label, 0]
    alpha = [0.0] * len(states)
    for t, row in enumerate(np.exp(log_probs.astype(np.float64))):
        before = alpha if t else [1.0] + [0.0] * (len(states) - 1)
        alpha = []
        for s, label in enumerate(states):
            total = before[s] + (before[s - 1] if s else 0.0)
            if s > 1 and label and label != states[s - 2]:
                total += before[s - 2]
            alpha.append(total * float(row[label]))
    return math.log(sum(alpha[-2:]))


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_the_sum_over_all_alignments(seed: int) -> None:
    log_probs = random_log_probs(seed, 9, 3)
    for hypothesis in decoder(3)(log_probs)[:50]:
        labels = hypothesis.labels
        assert hypothesis.optical == pytest.approx(forward_score(log_probs, labels), abs=1e-5)
        loss = torch.nn.functional.ctc_loss(
            torch.from_numpy(log_probs)[:, None].double(),
            torch.tensor([labels or (1,)]),
            torch.tensor([len(log_probs)]),
            torch.tensor([len(labels)]),
            reduction="sum",
        )
        assert hypothesis.optical == pytest.approx(-loss.item(), abs=1e-5)


@pytest.mark.parametrize("width", [1, 2, 5, 20])
def test_a_narrow_beam_keeps_the_best_and_never_scores_too_high(width: int) -> None:
    log_probs = random_log_probs(3, 12, 4)
    narrow = decoder(4, width)(log_probs)
    assert len(narrow) == width
    for hypothesis in narrow:
        whole = forward_score(log_probs, hypothesis.labels)
        assert hypothesis.optical <= whole + 1e-6
    scores = [h.optical for h in narrow]
    assert scores == sorted(scores, reverse=True)
    assert len({h.labels for h in narrow}) == width


def test_a_beam_of_one_without_sums_is_greedy_where_the_network_is_sure() -> None:
    path = [0, 1, 1, 0, 1, 2, 2, 0]
    log_probs = np.full((8, 3), 1e-4, np.float32)
    log_probs[np.arange(8), path] = 1 - 2e-4
    log_probs = np.log(log_probs)
    (best,), (first,) = decoder(3, 1, 1)(log_probs), greedy(log_probs)
    assert (best.labels, best.spans) == (first.labels, first.spans) == ((1, 1, 2), first.spans)
    np.testing.assert_allclose(best.posteriors, first.posteriors, rtol=1e-6)


def test_a_dropped_prefix_that_grows_again_is_the_same_one() -> None:
    """All texts differ though prefixes come and go: a beam of 3 over 30 uncertain frames."""
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 30)).astype(np.float32)
    texts = [h.labels for h in decoder(4, 3)(log_probs)]
    assert len(set(texts)) == len(texts) == 3


def test_labels_below_the_threshold_are_not_tried() -> None:
    log_probs = np.log(np.array([[0.5, 0.47, 0.03], [0.5, 0.47, 0.03]], np.float32))
    options = DecodingOptions(decoder="beam", threshold=0.1, alternatives=31)
    texts = {h.labels for h in beam_decoder(options, Alphabet("ab"))(log_probs)}
    assert texts == {(), (1,)}
    everything = DecodingOptions(decoder="beam", threshold=0.0, alternatives=31)
    assert (2,) in {h.labels for h in beam_decoder(everything, Alphabet("ab"))(log_probs)}


def test_the_bonus_makes_texts_longer() -> None:
    log_probs = np.log(np.array([[0.6, 0.4], [0.9, 0.1], [0.6, 0.4]], np.float32))
    lengths = []
    for bonus in (-1.0, 0.0, 1.0, 2.0):
        options = DecodingOptions(decoder="beam", bonus=bonus)
        lengths.append(len(beam_decoder(options, Alphabet("a"))(log_probs)[0].labels))
    assert lengths == [0, 1, 1, 2]
    assert beam_decoder(DecodingOptions(alternatives=3), Alphabet("a")).readings == 4


def test_no_frames_read_as_no_text() -> None:
    (hypothesis,) = decoder(7)(np.zeros((0, 7), np.float32))
    assert (hypothesis.labels, hypothesis.optical) == ((), 0.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"automaton": anything(3)._replace(targets=np.array([0, 2, 0], np.int32))}, "nowhere"),
        ({"automaton": anything(3)._replace(fallbacks=np.array([0, 1], np.int32))}, "nowhere"),
        ({"automaton": anything(2)}, "a symbol that the automaton does not know"),
        ({"symbols": np.array([0, 1, -1])}, "a symbol that the automaton does not know"),
        ({"merit": Merit(0.0, 0.0, 0)}, "a beam of 0 texts follows none"),
    ],
)
def test_what_would_lead_out_of_the_arrays_is_refused(
    changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(decoder(3), **changes)  # type: ignore[arg-type]


def test_what_was_checked_stays_as_it_is() -> None:
    checked = decoder(3)
    for array in (*checked.automaton, checked.symbols):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


@pytest.mark.parametrize("size", [2, 4])
def test_a_line_needs_the_labels_of_the_decoder(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} labels, but 3 symbols"):
        decoder(3)(random_log_probs(0, 5, size))


def test_shares_are_what_the_texts_have_of_all_probability() -> None:
    """With every text found, and no language, a share is the text's probability; a temperature
    flattens them."""
    log_probs = random_log_probs(3, 4, 3)
    expected = text_probabilities(log_probs)
    for hypothesis in decoder(3)(log_probs):
        assert hypothesis.share == pytest.approx(expected[hypothesis.labels], rel=1e-4)
    best, second, *_ = decoder(3, readings=2)(log_probs)
    assert best.share + second.share == pytest.approx(1.0)
    warm = replace(decoder(3, readings=2), temperature=2.0)(log_probs)
    odds = math.sqrt(best.share / second.share)
    assert warm[0].share / warm[1].share == pytest.approx(odds)
