"""What was written into OUT and what it was made of: lines of JSON in ``OUT/.carousel/``.

    {"format": "carousel-ledger", "version": 1}
    {"page": "a/x", "source": "/scans/a/x.png", "inputs": [{"size": 9, "mtime": 17, "sha256": ..}],
     "settings": {"model": "0123456789ab", "decoding": {..}, "input": "auto"},
     "outputs": {"a/x.txt": sha256},
     "problems": [["x.xml#l1", "its outline has 2 points", "draw it again"]], "run": 1}
    {"written": ["a/x"], "run": 1}

A record is added and synced before its outputs are written. So every file of ours is in the
ledger: what stands in the place of an output and is not was put there or changed by someone else.
When the outputs are there, that is added too: from then on no earlier record says what is ours of
these files, for somebody may correct one to what an earlier model had read. A page is done if the
files are there with the hashes of its record, whatever stopped an earlier run. Lines are only ever
added; one that was cut short by a power failure is dropped. Each shard has a file of its own, and
all are read, in the order of the runs that wrote them: a run's number is higher than all there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from io import FileIO
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from ocr.errors import OutputError
from ocr.files.fingerprint import Fingerprint
from ocr.files.names import printable
from ocr.types import Problem

FOLDER, SUFFIX = ".carousel", ".jsonl"
HEADER = {"format": "carousel-ledger", "version": 1}


@dataclass(frozen=True, slots=True)
class Record:
    """One page that was made.

    page      name of its outputs below OUT, without their suffixes
    source    absolute path of what it was made of
    inputs    the source, and the image that it names
    settings  all else that the outputs depend on: the model and how it reads
    outputs   path below OUT, with ``/`` -> sha256 of the content
    problems  lines that could not be read
    run       number of the run that made it
    """

    page: str
    source: str
    inputs: tuple[Fingerprint, ...]
    settings: dict[str, Any]
    outputs: dict[str, str]
    problems: tuple[Problem, ...] = ()
    run: int = 0

    def to_line(self) -> bytes:
        """One line of the ledger. ASCII: bytes of names that are not UTF-8 are escaped."""
        problems = [[problem.id, problem.reason, problem.fix] for problem in self.problems]
        return _line({**asdict(self), "problems": problems})

    @staticmethod
    def from_line(line: bytes) -> Record:
        """What ``to_line`` gave. Raises ValueError, KeyError or TypeError for another line."""
        values = json.loads(line)
        values["inputs"] = tuple(Fingerprint(**entry) for entry in values["inputs"])
        values["problems"] = tuple(Problem(*entry) for entry in values["problems"])
        return Record(**values)


@dataclass(frozen=True, slots=True)
class Written:
    """Pages whose files a run has written as their newest records say."""

    pages: tuple[str, ...]
    run: int = 0


def _entry(line: bytes) -> Record | Written:
    """Raises ValueError, KeyError or TypeError for what is neither."""
    if not line.startswith(b'{"written"'):
        return Record.from_line(line)
    values = json.loads(line)
    if not all(isinstance(page, str) for page in values["written"]):
        raise ValueError("no names of pages")
    return Written(tuple(values["written"]), values.get("run", 0))


class History:
    """All records of an output folder, by page.

    run  number of the next run
    """

    def __init__(self, entries: Iterable[Record | Written]) -> None:
        """What the ledgers say, those of one shard from the oldest to the newest."""
        self._records: dict[str, list[Record]] = {}
        self._left: dict[str, list[Record]] = {}
        self.run = 1
        for entry in sorted(entries, key=attrgetter("run")):
            self.run = entry.run + 1
            if isinstance(entry, Record):
                self._records.setdefault(entry.page, []).append(entry)
                self._left.setdefault(entry.page, []).append(entry)
                continue
            for page in entry.pages:
                self._left[page] = _after_writing(self._left.get(page, []))

    def records(self) -> Iterator[Record]:
        """Those of all pages."""
        return chain.from_iterable(self._records.values())

    def of(self, page: str) -> Sequence[Record]:
        """The records of a page from the oldest to the newest."""
        return self._records.get(page, ())

    def left(self, page: str) -> Sequence[Record]:
        """The records of which a file may lie there as it was written: of each file the newest
        that is known to be, and those after it, whose run was stopped before the files or after
        some of them."""
        return self._left.get(page, ())

    def written(self) -> Iterator[str]:
        """Every path that was ever written, below OUT, with ``/``."""
        return (name for record in self.records() for name in record.outputs)


def _after_writing(records: Sequence[Record]) -> list[Record]:
    """The newest, which is written, and the others without its files."""
    left: list[Record] = []
    for record in records:
        others = {n: h for n, h in record.outputs.items() if n not in records[-1].outputs}
        left += [replace(record, outputs=others)] if others else []
    return [*left, *records[-1:]]


def read_history(out: Path) -> History:
    """What the ledgers of an output folder say. Raises OutputError for one that is damaged."""
    ledgers = sorted((out / FOLDER).glob("*" + SUFFIX))
    return History(entry for path in ledgers for entry in _entries(path))


class Ledger:
    """A ledger that records are added to; whoever opens it holds its lock."""

    def __init__(self, file: FileIO) -> None:
        """``file`` is open for reading and writing, without a buffer, which would be written once
        more when it is closed. A line that was cut short is removed."""
        self._file = file
        whole = file.read().rfind(b"\n") + 1
        file.seek(whole)
        file.truncate()
        if not whole:
            self._write(_line(HEADER))

    def add(self, records: Iterable[Record]) -> None:
        """Add records; they are on the disk when this returns. Raises OutputError."""
        self._write(b"".join(record.to_line() for record in records))

    def confirm(self, pages: Sequence[str], run: int) -> None:
        """Say that the files of the pages' newest records are written. Raises OutputError."""
        self._write(_line({"written": list(pages), "run": run}))

    def _write(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest:  # a file without a buffer may take less at once
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                f"the ledger cannot be written ({error.strerror or error})", "make room"
            ) from error


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode("ascii") + b"\n"


def _entries(path: Path) -> Iterator[Record | Written]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OutputError(
            f"{printable(path)} cannot be read ({error.strerror})", "change its permissions"
        ) from error
    header, *lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1] or [b""]
    if header and header + b"\n" != _line(HEADER):
        raise OutputError(
            f"{printable(path)} is not a ledger of this version", "update the program"
        )
    for number, line in enumerate(lines, start=2):
        try:
            yield _entry(line)
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(
                f"line {number} of {printable(path)} is damaged",
                "move that file away; what is in the folder then stays as it is",
            ) from error
