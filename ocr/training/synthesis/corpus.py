"""Running text -> pieces of the length of a line, cut between words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ocr.alphabet import normalize_text
from ocr.errors import InputError, UsageError
from ocr.files.names import printable
from ocr.files.texts import lines_in
from ocr.training.synthesis.chance import Rng

# A character that is rarer in a text than this is a stray, and no character to learn.
RAREST = 2e-6
# A hyphenated word keeps this many letters at least on both lines.
HYPHEN_LETTERS = 3


class Corpus:
    """Paragraphs of prose, in normal form, from which pieces are cut at random.

    text        the paragraphs, one after the other, separated by line breaks
    characters  those that are frequent enough to be learnt, without the space
    """

    def __init__(self, paragraphs: Iterable[str]) -> None:
        """Raises InputError if the paragraphs hold no word."""
        kept = (normalize_text(paragraph) for paragraph in paragraphs)
        self.text = "\n".join(paragraph for paragraph in kept if paragraph)
        if not self.text:
            raise InputError("the texts hold no word", "give texts with something to write")
        least = RAREST * len(self.text)
        counts = Counter(self.text)
        self.characters = frozenset(c for c, n in counts.items() if n >= least and c.isprintable())
        self.characters -= {" "}

    def piece(self, rng: Rng, longest: int) -> str:
        """Up to ``longest`` characters from anywhere, beginning and ending with whole words, in
        normal form. Shorter where a paragraph ends; a longer word stands alone and is cut."""
        place = int(rng.integers(len(self.text)))
        start = self._word_start(place)
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        if place - start > longest:  # a script without spaces: from anywhere but a mark
            start = min(place, end - longest)
            while unicodedata.category(self.text[start]).startswith("M"):
                start -= 1
        rest = self.text[start : min(end, start + longest + 1)]
        if len(rest) <= longest:
            return rest
        return rest[: max(rest.rfind(" "), 0)] or rest[:longest]

    def hyphenated(self, rng: Rng, longest: int) -> str:
        """A piece that ends within a word, with a hyphen."""
        piece = self.piece(rng, longest - 1)
        head, _, last = piece.rpartition(" ")
        if len(last) < 2 * HYPHEN_LETTERS or not last.isalpha():
            return piece
        cut = int(rng.integers(HYPHEN_LETTERS, len(last) - HYPHEN_LETTERS + 1))
        return f"{head} {last[:cut]}-".strip()

    def _word_start(self, place: int) -> int:
        """The first letter of the word at ``place`` or, where that is white space, after it."""
        if self.text[place].isspace():
            return place + 1  # text never ends with white space
        before = max(self.text.rfind(" ", 0, place), self.text.rfind("\n", 0, place))
        return before + 1


def read_corpus(paths: Sequence[Path], transcriptions: Iterable[str] = ()) -> Corpus:
    """Read text files (.txt, or .gz of one; UTF-8; a line is a paragraph) and the texts of lists,
    and add further lines, for instance the transcriptions that a model is trained on.

    Raises UsageError for what cannot be read, InputError for what is not UTF-8, damaged or
    empty.
    """
    paragraphs = [paragraph for path in paths for paragraph in _paragraphs(path)]
    return Corpus([*paragraphs, *transcriptions])


def stored_bytes(path: Path) -> bytes:
    """What the file holds. Raises UsageError if it is none or may not be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{printable(path)} cannot be read: {reason}", "check its name") from error


def _paragraphs(path: Path) -> list[str]:
    if not path.exists():
        raise UsageError(f"{printable(path)} does not exist", "check its name")
    lines = [line for line in lines_in(path) if line.strip()]
    if not lines:
        raise InputError(f"{printable(path)} is empty", "give texts with something to write")
    return lines
