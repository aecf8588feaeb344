"""What the data is, before the first training step: counts, alphabet, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ocr.files.names import printable
from ocr.training.data.dataset import Dataset
from ocr.training.data.split import page_of
from ocr.types import Problem

RARE = 5
"""A character seen fewer times than this is named: it can hardly be learnt, and is often a slip
in a transcription."""


@dataclass(frozen=True, slots=True)
class DataReport:
    """Facts about a dataset.

    lines       usable lines
    characters  code points of all texts together
    alphabet    the different characters, sorted by code point
    rare        (character, times seen) for each seen fewer than RARE times, rarest first
    pages       different pages, by ``page_of``
    sources     (source as the user named it, usable lines it brought)
    problems    the unusable lines
    """

    lines: int
    characters: int
    alphabet: str
    rare: tuple[tuple[str, int], ...]
    pages: int
    sources: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]


def report(dataset: Dataset) -> DataReport:
    """The report of ``dataset``; opens no file."""
    seen = Counter(character for sample in dataset.samples for character in sample.text)
    rare = sorted((times, character) for character, times in seen.items() if times < RARE)
    return DataReport(
        lines=len(dataset.samples),
        characters=seen.total(),
        alphabet="".join(sorted(seen)),
        rare=tuple((character, times) for times, character in rare),
        pages=len({page_of(sample) for sample in dataset.samples}),
        sources=dataset.sources,
        problems=dataset.problems,
    )


def problems_tsv(problems: Iterable[Problem]) -> str:
    """A table with a header, one problem per line: id, reason, fix, separated by TABs."""
    rows = [("id", "reason", "fix"), *((p.id, p.reason, p.fix) for p in problems)]
    return "".join("\t".join(map(printable, row)) + "\n" for row in rows)
