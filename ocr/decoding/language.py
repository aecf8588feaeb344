"""A character n-gram model: how probable a line of text is, whatever its image shows.

Ten digits count as one character, for no language knows which number comes next, and so do
apostrophes, straight or curved, for which texts follow a typewriter or a printer. Each of a
class gets an equal share of what the class has. Whatever the training text did not contain is
one character too, the unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ocr.alphabet import normalize_text
from ocr.decoding.automaton import Automaton
from ocr.decoding.kneserney import kneser_ney
from ocr.decoding.ngrams import count_ngrams
from ocr.errors import InputError
from ocr.options import LanguageOptions
from ocr.types import IntArray

CLASSES = ("0123456789", "'\u2018\u2019")
"""Characters that count as one; the first stands for all of its class."""
_TO_CLASS = str.maketrans({character: one[0] for one in CLASSES for character in one})


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """characters  the k-th is symbol k, counted from 1; the unknown comes after the last"""

    characters: str
    automaton: Automaton
    options: LanguageOptions

    @property
    def symbol_count(self) -> int:
        return symbol_count(self.characters)

    def symbols(self, characters: str) -> IntArray:
        """(len(characters),) the symbol of each."""
        known = {character: symbol for symbol, character in enumerate(self.characters, start=1)}
        unknown = self.symbol_count - 1
        return np.array([known.get(c, unknown) for c in characters.translate(_TO_CLASS)], np.int64)


def symbol_count(characters: str) -> int:
    """The end of the line, the characters and the unknown."""
    return len(characters) + 2


def train_language_model(lines: Iterable[str], options: LanguageOptions) -> LanguageModel:
    """Count and smooth. Takes about 130 bytes of memory per character of text, and a second per
    million characters. Raises InputError where there is no text."""
    text = "".join(f"\n{part}" for line in lines for part in wrapped(line, options.wrap))
    if not text:
        raise InputError("there is no text to learn from", "give files with lines of text")
    codes = np.frombuffer(f"{text.translate(_TO_CLASS)}\n".encode("utf-32-le"), np.uint32)
    present = np.unique(codes)
    characters = "".join(map(chr, present[present != ord("\n")].tolist()))
    symbols = np.zeros(int(present[-1]) + 1, np.int64)  # code point -> symbol
    symbols[[ord(character) for character in characters]] = np.arange(1, len(characters) + 1)
    orders = count_ngrams(symbols[codes], symbol_count(characters), options.order)
    automaton = kneser_ney(orders, options.prune)
    for one in CLASSES:
        if one[0] in characters:
            shared = automaton.symbols == characters.index(one[0]) + 1
            automaton.scores[shared] -= math.log(len(one))
    return LanguageModel(characters, automaton, options)


def wrapped(line: str, width: int) -> Iterator[str]:
    """The normalised line, broken at the last space before ``width`` characters or, in a longer
    word, there. A novel's paragraphs begin and end like lines of a page then."""
    text, start = normalize_text(line), 0
    while width and len(text) > start + width:
        space = text.rfind(" ", start + 1, start + width + 1)
        end = space if space > 0 else start + width
        yield text[start:end]
        start = end + (text[end] == " ")  # there is never more than one
    if text[start:]:
        yield text[start:]
