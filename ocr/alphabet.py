"""Text <-> labels. Label 0 is the blank; label k is the k-th character of the alphabet.

Text is normalised before anything looks at it: Unicode NFC, every run of white space one
space, none at the ends. The same rule holds for training labels and for scoring.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ocr.errors import LabelError

BLANK = 0
SPACE = " "  # what parts words


def normalize_text(text: str) -> str:
    """NFC, white space collapsed to single spaces and stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def frames_needed(text: str) -> int:
    """Fewest frames a CTC path for ``text`` can have: one per character, one blank between
    equal neighbours (Graves et al. 2006, section 3)."""
    return len(text) + sum(left == right for left, right in pairwise(text))


class Alphabet:
    """The characters a model can write, one code point each, without repetition."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._labels = {character: label for label, character in enumerate(characters, start=1)}
        if len(self._labels) != len(characters):
            raise LabelError("the alphabet names a character twice")

    def __len__(self) -> int:
        """Number of output nodes: the characters and the blank."""
        return len(self.characters) + 1

    def encode(self, text: str) -> list[int]:
        """Labels of ``text``. Raises LabelError naming the characters the alphabet lacks."""
        missing = self.missing(text)
        if missing:
            raise LabelError(f"the model cannot write {' '.join(map(repr, missing))}")
        return [self._labels[character] for character in text]

    def decode(self, labels: Sequence[int]) -> str:
        """The text of ``labels``. Raises ValueError for a blank: decoding removes them."""
        if BLANK in labels:
            raise ValueError("a blank has no character")
        return "".join(self.characters[label - 1] for label in labels)

    def missing(self, text: str) -> list[str]:
        """The characters of ``text`` the alphabet lacks, in order of appearance."""
        return [c for c in dict.fromkeys(text) if c not in self._labels]

    def extended(self, texts: Iterable[str]) -> Alphabet:
        """This alphabet with the texts' new characters appended: old labels keep their meaning."""
        known = set(self.characters)
        new = sorted({c for text in texts for c in text} - known)
        return Alphabet(self.characters + "".join(new))
