"""What a language model says of a whole line."""

from __future__ import annotations

from ocr.decoding.automaton import END, START, step
from ocr.decoding.language import LanguageModel


def line_score(model: LanguageModel, text: str) -> float:
    """Natural log of the probability that a line reads ``text`` and ends there."""
    state, total = START, 0.0
    for symbol in (*model.symbols(text).tolist(), END):
        state, score = step(model.automaton, state, symbol)
        total += score
    return total
