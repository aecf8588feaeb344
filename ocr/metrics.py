"""How far a reading is from its reference: edits, error rates, alignment, confusions.

    CER = total edits / total code points of the references
    WER = total edits / total white-space tokens of the references

An edit is a substitution, an insertion or a deletion, each of cost 1 (Levenshtein 1966). The
totals run over all lines, so a long line weighs more than a short one. Both texts are brought
to the normal form of ``ocr.alphabet.normalize_text`` first: NFC, white space collapsed and
stripped. A reference is never empty in the denominator: where all references together have
no character, the rate divides by 1, so that it is the number of inserted characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ocr.alphabet import normalize_text
from ocr.errors import InputError
from ocr.types import IntArray

try:
    from editdistance import eval as edit_distance
except ImportError:  # Python 3.13 and later, see pyproject.toml
    from rapidfuzz.distance.Levenshtein import distance as edit_distance

Pair = tuple[str, str]  # reference, hypothesis

RESAMPLES = 1000  # bootstrap samples; Efron & Tibshirani 1993, section 13.3, for percentiles
COVERAGE = 95.0  # percent of the resampled rates that lie inside the interval
LEAST_LINES = 20  # of which an interval is told
FEW_FOR_INTERVAL = f"no interval: for one it takes {LEAST_LINES} lines and an error"
_DRAWS_AT_ONCE = 1_000_000  # line numbers drawn together, a bound on memory: 24 MB


@dataclass(frozen=True, slots=True)
class Edits:
    """Fewest edits that turn a hypothesis into its reference, and the reference's length."""

    count: int
    length: int

    @property
    def rate(self) -> float:
        """Edits per unit of the reference, 0 or more; above 1 where much was inserted."""
        return self.count / max(self.length, 1)


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """An error rate over many lines.

    edits, length  totals over all lines, in characters or in words
    interval       (low, high): 95 % bootstrap interval of ``rate``
    """

    edits: int
    length: int
    lines: int
    interval: tuple[float, float]

    @property
    def rate(self) -> float:
        """Edits per unit of the references, 0 or more; 0.05 is five errors in a hundred."""
        return self.edits / max(self.length, 1)

    @property
    def tells_interval(self) -> bool:
        """Whether the interval means anything: of fewer lines, or without an error, resampling
        makes it far too narrow."""
        return self.lines >= LEAST_LINES and self.edits > 0

    def __str__(self) -> str:
        """In percent, the interval in brackets: ``5.32 [4.80, 5.91]``."""
        low, high = self.interval
        return f"{100 * self.rate:.2f} [{100 * low:.2f}, {100 * high:.2f}]"


@dataclass(frozen=True, slots=True)
class Confusion:
    """``reference`` was read as ``hypothesis``, ``count`` times.

    Both are one code point, but an insertion has '' for its reference and a deletion has ''
    for its hypothesis.
    """

    reference: str
    hypothesis: str
    count: int


def edit_counts(reference: str, hypothesis: str) -> Edits:
    """Edits between two texts, in code points."""
    reference, hypothesis = normalize_text(reference), normalize_text(hypothesis)
    return Edits(edit_distance(reference, hypothesis), len(reference))


def word_edit_counts(reference: str, hypothesis: str) -> Edits:
    """Edits between two texts, in white-space tokens."""
    words, read = normalize_text(reference).split(), normalize_text(hypothesis).split()
    return Edits(edit_distance(words, read), len(words))


def character_error_rate(pairs: Iterable[Pair]) -> ErrorRate:
    """CER of (reference, hypothesis) pairs, one per line. Raises InputError without lines."""
    return error_rate([edit_counts(*pair) for pair in pairs])


def word_error_rate(pairs: Iterable[Pair]) -> ErrorRate:
    """WER of (reference, hypothesis) pairs, one per line. Raises InputError without lines."""
    return error_rate([word_edit_counts(*pair) for pair in pairs])


def error_rate(lines: Sequence[Edits], seed: int = 0) -> ErrorRate:
    """Pool the edits of many lines; ``seed`` draws the bootstrap samples.

    Raises InputError without lines: no lines have no error rate, least of all 0.
    """
    if not lines:
        raise InputError("there is no line to score")
    edits = np.array([line.count for line in lines], dtype=np.int64)
    lengths = np.array([line.length for line in lines], dtype=np.int64)
    return ErrorRate(
        edits=int(edits.sum()),
        length=int(lengths.sum()),
        lines=len(lines),
        interval=_bootstrap(edits, lengths, np.random.default_rng(seed)),
    )


def _bootstrap(
    edits: IntArray, lengths: IntArray, random: np.random.Generator
) -> tuple[float, float]:
    """Percentile interval of sum(edits) / sum(lengths) (Efron & Tibshirani 1993, chapter 13).

    edits, lengths  (N,). Each of the 1,000 resamples draws N lines with replacement. Lines are
    taken as independent; those of one page or hand are not quite, so that the interval tells
    about more lines of the same kind, not about another hand.
    """
    count = len(edits)
    rates = np.empty(RESAMPLES)
    step = max(1, _DRAWS_AT_ONCE // count)
    for start in range(0, RESAMPLES, step):
        rows = min(step, RESAMPLES - start)
        drawn = random.integers(count, size=(rows, count))
        totals = np.maximum(lengths[drawn].sum(axis=1), 1)  # (rows,)
        rates[start : start + rows] = edits[drawn].sum(axis=1) / totals
    tail = (100.0 - COVERAGE) / 2
    low, high = np.percentile(rates, [tail, 100.0 - tail])
    return float(low), float(high)


def align(reference: str, hypothesis: str) -> list[Pair]:
    """The two texts side by side, character by character, in as few edits as possible.

    Each entry is (character of the reference, character of the hypothesis); '' on the left is
    an insertion, '' on the right a deletion. The left sides joined are the normalised
    reference, the right sides the normalised hypothesis. Where several alignments are equally
    short, the choice is always the same one.
    """
    return align_characters(normalize_text(reference), normalize_text(hypothesis))


def right_characters(reference: str, hypothesis: str) -> list[bool]:
    """Of every character of the hypothesis as it stands, not normalised, whether the normalised
    reference has it in that place. So a needless space is wrong, which costs no edit."""
    steps = align_characters(normalize_text(reference), hypothesis)
    return [left == right for left, right in steps if right]


def align_characters(reference: str, hypothesis: str) -> list[Pair]:
    """``align`` for texts as they stand, not normalised."""
    shortest = min(len(reference), len(hypothesis))
    head = _common(reference, hypothesis, shortest)
    tail = _common(reference[::-1], hypothesis[::-1], shortest - head)
    middle = _trace(
        reference[head : len(reference) - tail], hypothesis[head : len(hypothesis) - tail]
    )
    ending = reference[len(reference) - tail :]
    return [(c, c) for c in reference[:head]] + middle + [(c, c) for c in ending]


def _common(left: str, right: str, limit: int) -> int:
    """How many characters the two have in common from the start, ``limit`` at most.

    A shared beginning or end belongs to some shortest alignment, so only what lies between
    needs the table; on good readings that is a few characters.
    """
    for index in range(limit):
        if left[index] != right[index]:
            return index
    return limit


def _costs(reference: str, hypothesis: str) -> IntArray:
    """Levenshtein's table (R + 1, H + 1): edits between the first r and the first h characters.

    A row follows from the one above in whole-row steps: after substitution and deletion, the
    insertions are min over k <= h of (cost[k] + h - k), a running minimum of cost[k] - k.
    """
    codes = np.array([ord(c) for c in hypothesis], dtype=np.int64)  # (H,)
    places = np.arange(len(hypothesis) + 1)
    table = np.empty((len(reference) + 1, len(hypothesis) + 1), dtype=np.int64)
    table[0] = places
    for row, character in enumerate(reference, start=1):
        above, current = table[row - 1], table[row]
        current[0] = row
        current[1:] = np.minimum(above[:-1] + (codes != ord(character)), above[1:] + 1)
        current[:] = np.minimum.accumulate(current - places) + places
    return table


def _trace(reference: str, hypothesis: str) -> list[Pair]:
    """One shortest alignment, walked back from the table's last cell to its first."""
    table = _costs(reference, hypothesis).tolist()
    row, column = len(reference), len(hypothesis)
    steps: list[Pair] = []
    while row or column:
        here = table[row][column]
        left = reference[row - 1] if row else ""
        right = hypothesis[column - 1] if column else ""
        if row and column and here == table[row - 1][column - 1] + (left != right):
            steps.append((left, right))
            row, column = row - 1, column - 1
        elif row and here == table[row - 1][column] + 1:
            steps.append((left, ""))
            row -= 1
        else:
            steps.append(("", right))
            column -= 1
    return steps[::-1]


def confusions(pairs: Iterable[Pair], top: int = 10) -> tuple[Confusion, ...]:
    """The ``top`` most frequent errors of (reference, hypothesis) pairs, most frequent first.

    Equal counts are ordered by their characters, so that the result depends on nothing else.
    """
    counts: Counter[Pair] = Counter()
    for reference, hypothesis in pairs:
        if reference != hypothesis:
            counts.update(step for step in align(reference, hypothesis) if step[0] != step[1])
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(*characters, count) for characters, count in ranked[:top])
