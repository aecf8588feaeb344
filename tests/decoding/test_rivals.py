"""What could stand in a character's place, against the language model asked for whole texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from linescore import line_score

from ocr.alphabet import Alphabet
from ocr.confidence import label_posteriors
from ocr.decoding.automaton import anything
from ocr.decoding.beam import BeamDecoder, language_decoder
from ocr.decoding.greedy import greedy
from ocr.decoding.language import train_language_model
from ocr.decoding.search import Merit
from ocr.options import DecodingOptions, LanguageOptions

ALPHABET = Alphabet("aehrt ")
LINES = ("the hare ate the rat", "a rat ate the tea", "the earth", "there a hat")


@pytest.mark.parametrize("seed", range(4))
def test_margins_are_those_of_whole_texts(seed: int) -> None:
    options = LanguageOptions(order=4, weight=0.8, bonus=0.3, temperature=1.7)
    model = train_language_model(LINES, options)
    decoder = language_decoder(model, ALPHABET, DecodingOptions(beam=8, threshold=0))
    rng = np.random.default_rng(seed)
    log_probs = np.log(rng.dirichlet(np.ones(len(ALPHABET)) / 2, 12)).astype(np.float32)
    (best,) = decoder(log_probs)
    text = ALPHABET.decode(best.labels)
    assert len(text) > 2
    for place, (label, (start, end)) in enumerate(zip(best.labels, best.spans, strict=True)):
        peak = start + int(log_probs[start:end, label].argmax())

        def total(rival: int, place: int = place, peak: int = peak) -> float:
            character = ALPHABET.decode([rival]) if rival else ""
            other = text[:place] + character + text[place + 1 :]
            language = line_score(model, other)
            return float(log_probs[peak, rival]) + 0.8 * language + 0.3 * len(other)

        totals = np.array([total(rival) for rival in range(len(ALPHABET))]) / 1.7
        expected = 1 / np.exp(totals - totals[label]).sum()
        assert best.posteriors[place] == pytest.approx(expected, rel=1e-4)


def test_without_a_language_model_a_posterior_is_that_of_the_frame() -> None:
    rng = np.random.default_rng(2)
    path = [frame for label in rng.integers(1, 5, 12) for frame in (label, 0)]
    probabilities = 0.3 * rng.dirichlet(np.ones(5), len(path))
    probabilities[np.arange(len(path)), path] += 0.7
    log_probs = np.log(probabilities).astype(np.float32)
    (best,) = BeamDecoder(anything(5), np.arange(5), Merit(0.0, 0.0, 50))(log_probs)
    (first,) = greedy(log_probs)
    assert best.labels == first.labels
    np.testing.assert_allclose(best.posteriors, first.posteriors, rtol=1e-5)


def test_a_hopeless_label_has_no_probability() -> None:
    margins = np.array([[2000.0, -math.inf], [-math.inf, -math.inf], [0.0, -math.inf]])
    np.testing.assert_allclose(label_posteriors(margins, 1.0), [0.0, 1.0, 0.5])
