"""``failures.tsv``: what could not be read, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ocr.errors import OutputError
from ocr.files.atomic import write_atomically
from ocr.files.names import is_file, place_of, printable
from ocr.types import Outcome

NAME = re.compile(r"failures(?:-\d+-of-(\d+))?\.tsv")
HEADER = "input\treason\n"


def failures_path(out: Path, part: tuple[int, int]) -> Path:
    """The list of a run: each shard (i, n) has its own."""
    index, count = part
    return out / ("failures.tsv" if count == 1 else f"failures-{index}-of-{count}.tsv")


def write_failures(out: Path, part: tuple[int, int], outcomes: Sequence[Outcome]) -> None:
    """List the pages and lines that failed, beside those of earlier runs that are still there and
    not among these; without any, remove the list.

    Lists of runs that divided the work otherwise are removed: none of them is at work now. Raises
    OutputError where a file of another kind has the list's name.
    """
    path = failures_path(out, part)
    rows = sorted((*_still_failed(path, outcomes), *(r for each in outcomes for r in _rows(each))))
    for old in _earlier(out, part[1]):
        old.unlink()
    if rows and path.exists() and not _is_ours(path):
        raise OutputError(
            f"{printable(path)} is no list of failures, and stays",
            "move it away, and the same command writes the list",
        )
    if rows:
        write_atomically(path, HEADER + "".join(rows))
    elif _is_ours(path):
        path.unlink()


def _still_failed(path: Path, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The rows of the earlier list whose file is there, and was no part of this run."""
    done = {printable(outcome.source) for outcome in outcomes}
    for row in path.read_text("utf-8").splitlines(keepends=True)[1:] if _is_ours(path) else ():
        place = row.partition("\t")[0]
        sources = {place, place.rpartition("#")[0]}  # of a further page, or of a line
        if not sources & done and any(source and is_file(Path(source)) for source in sources):
            yield row


def _rows(outcome: Outcome) -> Iterator[str]:
    if outcome.status == "failed":
        yield f"{place_of(outcome.source, outcome.index)}\t{printable(outcome.error)}\n"
    for problem in outcome.problems:
        yield f"{printable(problem.id)}\t{printable(problem.reason)}; {printable(problem.fix)}\n"


def _earlier(out: Path, count: int) -> Iterable[Path]:
    for path in out.glob("failures*.tsv"):
        found = NAME.fullmatch(path.name)
        if found and int(found[1] or 1) != count and _is_ours(path):
            yield path


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(HEADER.encode())
