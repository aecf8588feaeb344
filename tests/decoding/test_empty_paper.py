"""Empty paper beside the text is not filled by a language."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.decoding import decoder_for
from ocr.decoding.paper import BORDER, STRETCH, paper
from ocr.options import DecodingOptions
from ocr.types import Float32Array

ALPHABET = Alphabet("abc")


def log_probs(*blanks: float) -> Float32Array:
    """(T, 4): the blank with these probabilities, "b" with all but all of what is left."""
    rows = [[blank, (1 - blank) / 20, 0.9 * (1 - blank), (1 - blank) / 20] for blank in blanks]
    return np.log(np.array(rows, np.float32))


@pytest.mark.parametrize(
    ("blanks", "expected"),
    [
        ([0.95] * STRETCH, [(0, STRETCH)]),
        ([0.95] * (STRETCH - 1), []),
        ([0.5] + [0.95] * STRETCH, [(1 + BORDER, 1 + STRETCH)]),
        ([0.95] * STRETCH + [0.5], [(0, STRETCH - BORDER)]),
        ([0.5] + [0.95] * STRETCH + [0.5], [(1 + BORDER, 1 + STRETCH - BORDER)]),
        (([0.95] * 15 + [0.5]) * 3, []),  # words apart
        ([], []),
    ],
)
def test_long_stretches_are_paper(blanks: list[float], expected: list[tuple[int, int]]) -> None:
    found = np.zeros(len(blanks), bool)
    for start, stop in expected:
        found[start:stop] = True
    lines = log_probs(*blanks) if blanks else np.zeros((0, 4), np.float32)
    assert np.array_equal(paper(lines), found)


@pytest.mark.parametrize("before", [0, 60])
@pytest.mark.parametrize("after", [0, 60])
def test_it_is_not_filled(before: int, after: int) -> None:
    """A bonus of 1.5 nats would make many characters of frames of 0.05."""
    decode = decoder_for(DecodingOptions(decoder="beam", bonus=1.5), ALPHABET)
    text = [0.1, 0.97, 0.1]
    (hypothesis,) = decode(log_probs(*[0.95] * before, *text, *[0.95] * after))
    assert hypothesis.labels == tuple(ALPHABET.encode("bb"))
    assert hypothesis.spans[0][0] >= before
    assert hypothesis.spans[-1][-1] <= before + len(text)
