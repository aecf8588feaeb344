"""The decoder that the options ask for."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.decoding import decoder_for
from ocr.decoding.greedy import greedy
from ocr.options import DecodingOptions
from ocr.types import Float32Array

ALPHABET = Alphabet("abc")


def log_probs(*blanks: float) -> Float32Array:
    """(T, 4): the blank with these probabilities, "b" with half of what is left."""
    rows = [[blank, (1 - blank) / 4, (1 - blank) / 2, (1 - blank) / 4] for blank in blanks]
    return np.log(np.array(rows, np.float32))


@pytest.mark.parametrize("decoder", ["greedy", "beam"])
def test_empty_paper_is_not_filled(decoder: str) -> None:
    """A bonus of 9 nats would fill any frame with a character."""
    bonus = 9.0 if decoder == "beam" else None
    decode = decoder_for(DecodingOptions(decoder=decoder, bonus=bonus), ALPHABET)
    assert decode(log_probs(0.6, 0.55, 0.9)) == greedy(log_probs(0.6, 0.55, 0.9))
    assert decode(log_probs(0.6, 0.55, 0.9))[0].labels == ()
    assert decode(np.zeros((0, 4), np.float32))[0].labels == ()


def test_where_anything_is_written_the_search_decides() -> None:
    decode = decoder_for(DecodingOptions(decoder="beam", bonus=9.0), ALPHABET)
    (hypothesis,) = decode(log_probs(0.9, 0.2, 0.9))
    assert hypothesis.labels[0] == ALPHABET.encode("b")[0]
    assert greedy(log_probs(0.9, 0.2, 0.9))[0].labels == tuple(ALPHABET.encode("b"))
