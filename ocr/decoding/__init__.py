"""Log-probabilities -> text. numpy only: nothing here loads torch.

    greedy   the most probable path, frame by frame                          greedy.py
    beam     the most probable text, with or without a language model        beam.py
    lexicon  the most probable text made of a lexicon's words                lexicon.py

A decoder is a function; ``decoder_for`` makes the one that the options ask for.
"""

from __future__ import annotations

from typing import Protocol

from ocr.alphabet import Alphabet
from ocr.options import DecodingOptions
from ocr.types import Float32Array, Hypothesis


class Decoder(Protocol):
    """Finds what a line's log-probabilities say."""

    def __call__(self, log_probs: Float32Array, /) -> tuple[Hypothesis, ...]:
        """(T, K) natural logs, label 0 the blank -> at least one hypothesis, best first."""


def decoder_for(options: DecodingOptions, alphabet: Alphabet) -> Decoder:
    """The decoder of the options. Raises ModelError and InputError for their files."""
    if options.method == "greedy":
        from ocr.decoding.greedy import greedy

        return greedy
    if options.method == "lexicon":
        from ocr.decoding.lexicon import lexicon_decoder

        return unless_empty(lexicon_decoder(options, alphabet))
    from ocr.decoding.beam import beam_decoder

    return unless_empty(beam_decoder(options, alphabet))


def unless_empty(decoder: Decoder) -> Decoder:
    """The decoder, but for lines on which the blank leads at every frame: they have no text. A
    language would fill empty paper, of which the network is never quite sure, with its most
    common words."""
    from ocr.decoding.greedy import greedy

    def decode(log_probs: Float32Array, /) -> tuple[Hypothesis, ...]:
        return greedy(log_probs) if is_empty(log_probs) else decoder(log_probs)

    return decode


def is_empty(log_probs: Float32Array) -> bool:
    """Whether the blank, label 0, leads at every frame of a line, (T, K)."""
    return not log_probs.argmax(axis=1).any()
