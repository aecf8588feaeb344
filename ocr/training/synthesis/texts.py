"""What stands on the lines: prose in pieces, and invented texts between.

Every text is in normal form (NFC, one space between words) and of the characters allowed, so
it can be a label as it is.
"""

from __future__ import annotations

from ocr.alphabet import normalize_text
from ocr.errors import InputError
from ocr.training.synthesis import forms, inventions, vocabulary
from ocr.training.synthesis.chance import Rng, pick, weighted
from ocr.training.synthesis.corpus import Corpus
from ocr.training.synthesis.inventions import Invent

# Attempts at a text of the characters allowed before it is called hopeless.
ATTEMPTS = 200
# Share of the pieces that fill their line: the rest are of any length down to a word.
FULL_LINES = 0.55
# Length in characters that a full line has at least, as a share of the longest.
FULLEST = 0.55


class Texts:
    """Texts for lines of at most ``longest`` characters.

    allowed  the characters, beside the space, that may be written
    """

    def __init__(self, corpus: Corpus, longest: int, allowed: frozenset[str]) -> None:
        self.corpus, self.longest, self.allowed = corpus, longest, allowed

    def draw(self, rng: Rng, invented: float, invent: Invent = inventions.invented) -> str:
        """One text; ``invented`` is the share 0..1 that is not prose but made by ``invent``.
        Raises InputError if no text has only characters that are allowed."""
        for _ in range(ATTEMPTS):
            text = invent(rng) if rng.random() < invented else self._prose(rng)
            text = normalize_text(text)
            fits = 0 < len(text) <= self.longest
            if fits and self.allowed.issuperset(text.replace(" ", "")):
                return text
        raise InputError(
            "the texts have hardly a line of characters that can be written",
            "give fonts of their script, or other texts",
        )

    def has_prose(self) -> bool:
        """Whether anything of the corpus can be written: pieces begin with words, so one whose
        first letter is allowed. What begins with none, as numbers, counts if there is no other."""
        firsts = {word[0] for word in self.corpus.text.split()}
        letters = {character for character in firsts if character.isalpha()}
        return not self.allowed.isdisjoint(letters or firsts)

    def _prose(self, rng: Rng) -> str:
        longest = self._length(rng)
        return weighted(
            rng,
            (
                (0.61, self.corpus.piece),
                (0.1, self.corpus.hyphenated),
                (0.04, self._capitals),
                (0.12, self._quoted),
                (0.08, self._word),
                (0.05, self._item),
            ),
        )(rng, longest)

    def _length(self, rng: Rng) -> int:
        if rng.random() < FULL_LINES:
            return int(rng.integers(round(FULLEST * self.longest), self.longest, endpoint=True))
        return int(rng.integers(1, self.longest, endpoint=True))

    def _capitals(self, rng: Rng, longest: int) -> str:
        return self.corpus.piece(rng, longest).upper()

    def _word(self, rng: Rng, longest: int) -> str:
        return self.corpus.piece(rng, longest).split(" ")[0]

    def _quoted(self, rng: Rng, longest: int) -> str:
        before, after = pick(rng, vocabulary.QUOTES)
        piece = self.corpus.piece(rng, max(1, longest - len(before) - len(after)))
        return f"{before}{piece}{after}"

    def _item(self, rng: Rng, longest: int) -> str:
        """A running head, a numbered item, a word with a figure."""
        form = pick(rng, ("{0} {1}", "{1} {0}", "{0}. {1}", "{0}) {1}", "{1} ({0})", "{1}: {0}",
                          "{1} ..... {0}", "{1}, {0}"))  # fmt: skip
        piece = self.corpus.piece(rng, max(1, longest - 8))
        piece = piece.upper() if rng.random() < 0.3 else piece
        return form.format(int(rng.integers(1, 400)), piece)


def _invented_characters() -> frozenset[str]:
    """Every character that the forms and the lists can give."""
    lists = [*forms.LONG_DATES.values(), *vocabulary.MONTHS.values(), *vocabulary.DAYS.values()]
    for module in (forms, vocabulary):
        lists += [entry for entry in vars(module).values() if isinstance(entry, tuple)]
    text = "".join("".join(part) for entry in lists for part in entry)
    return frozenset(normalize_text(text + text.upper() + "".join(inventions.MONEY))) - {" "}


INVENTED_CHARACTERS = _invented_characters()
