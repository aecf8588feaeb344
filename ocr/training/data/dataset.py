"""Folders, lists, single files and patterns -> samples, and a problem for every other line.

    lines/x.png + lines/x.gt.txt        pairs, as kraken, Calamari and tesstrain keep them
    lines/x.bin.png + lines/x.gt.txt    the same with the image's variant in its name
    train.tsv: image<TAB>text           paths relative to the list's folder, or absolute
    page.xml + page.png                 PAGE, ALTO, hOCR or JSON of a page, the image beside it

Images are not opened here: the trainer loads each of them anyway, and reports what the loader
refuses with ``image_problem`` and what the network cannot spell with ``frame_problem``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr.errors import InputError, OcrError, UsageError
from ocr.files.names import (
    LIST_SUFFIXES,
    PAGE_SUFFIXES,
    TEXT_SUFFIX,
    image_stem,
    page_fragment,
    printable,
)
from ocr.files.sources import expand
from ocr.training.data.folders import Entry, Folders
from ocr.training.data.listfile import read_list
from ocr.training.data.pagelines import read_page_lines
from ocr.training.data.pairs import Pairs
from ocr.types import Problem, Sample


@dataclass(frozen=True, slots=True)
class Dataset:
    """The usable lines in the order of the sources, the unusable ones, and (source, lines)."""

    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...]
    sources: tuple[tuple[str, int], ...] = ()

    def keeping(self, usable: Sequence[Sample], problems: Sequence[Problem]) -> Dataset:
        """What is left when images have been opened: ``usable``, some of the samples, counted
        anew by source, and ``problems``, all that there are by now."""
        ids, rest = {sample.id for sample in usable}, iter(self.samples)
        sources = tuple(
            (source, sum(sample.id in ids for sample in itertools.islice(rest, lines)))
            for source, lines in self.sources
        )
        return Dataset(tuple(usable), tuple(problems), sources)


def read_samples(sources: Sequence[str | Path]) -> Dataset:
    """Read every source: a folder (with all below it), a list, an image, a text, or a pattern.

    An image reached twice counts once, and is a problem only if the texts differ: the first
    stays. Lines that cannot be used are returned as problems, even if none is left; what has
    neither lines nor problems raises instead. A path that does not exist, a folder of lists
    and a file of no known kind raise UsageError; an empty list and a folder without any
    transcription raise InputError. What a pattern matched beside the data is only a problem.
    """
    if isinstance(sources, str | Path):
        sources = [sources]
    if not sources:
        raise UsageError("no training data given", "name a folder, a list or images")
    collector = _Collector()
    for source in sources:
        collector.read(str(source))
    problems = tuple(dict.fromkeys(collector.problems))
    return Dataset(tuple(collector.samples), problems, tuple(collector.counts))


class _Collector:
    """Gathers samples and problems over all sources, and keeps ids and images unique."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.problems: list[Problem] = []
        self.counts: list[tuple[str, int]] = []
        self._folders = Folders()
        self._pairs = Pairs(self._folders)
        self._first: dict[tuple[str, str], Entry] = {}
        self._ids: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}

    def read(self, source: str) -> None:
        before = len(self.samples)
        try:
            root, paths = expand(source)
            exact = len(paths) == 1 and paths[0] == Path(source)
            prefix = root.resolve().name
            for path in paths:
                for found in self._found(path, exact):
                    self._add(found, root, prefix)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{printable(source)} cannot be read: {reason}") from error
        self.counts.append((source, len(self.samples) - before))

    def _found(self, path: Path, exact: bool) -> list[Entry | Problem]:
        """What one path gives; an error about a path that a pattern matched is a problem."""
        try:
            found = self._read_path(path)
            if not found:
                raise InputError(f"{printable(path)} is empty", "each line is image<TAB>text")
        except OcrError as error:
            if exact:
                raise
            return [Problem(printable(path), error.message, error.hint)]
        return found

    def _read_path(self, path: Path) -> list[Entry | Problem]:
        if path.is_dir():
            return self._pairs.in_folder(path)
        if path.name.endswith(TEXT_SUFFIX) or image_stem(path.name) is not None:
            return [self._pairs.in_file(path)]
        if path.suffix.lower() in LIST_SUFFIXES:
            return read_list(path, self._folders)
        if path.suffix.lower() in PAGE_SUFFIXES:
            return read_page_lines(path)
        raise UsageError(
            f"{printable(path)} is no training data",
            "give a folder of pairs x.png + x.gt.txt, a list .tsv, pages .xml, or images",
        )

    def _add(self, found: Entry | Problem, root: Path, prefix: str) -> None:
        if isinstance(found, Problem):
            self.problems.append(found)
            return
        first = self._first.get(found.key)
        if first is None:
            self._first[found.key] = found
            sample_id = self._unique_id(found, root, prefix)
            self.samples.append(Sample(sample_id, found.image, found.text, found.line, found.index))
        elif first.text != found.text:
            reason = f"{found.image.name} already has another text, in {first.origin}"
            self.problems.append(Problem(found.origin, printable(reason), "correct or remove one"))

    def _unique_id(self, entry: Entry, root: Path, prefix: str) -> str:
        """The first free name: below the source, with the source's name, with a number."""
        image, line = entry.image, page_fragment(entry.index)
        line += f"#{entry.line.id}" if entry.line is not None else ""
        relative = image.relative_to(root) if image.is_relative_to(root) else Path(image.name)
        whole = printable(f"{relative.as_posix()}{line}")
        stem = relative.with_suffix("") if image_stem(relative.name) else relative
        name = printable(f"{stem.as_posix()}{line}")
        for candidate in (name, f"{prefix}/{name}", f"{prefix}/{whole}"):
            if candidate not in self._ids:
                break
        else:
            numbers = self._numbers.setdefault(f"{prefix}/{whole}", itertools.count(2))
            candidate = next(
                numbered
                for number in numbers
                if (numbered := f"{prefix}/{whole}~{number}") not in self._ids
            )
        self._ids.add(candidate)
        return candidate
