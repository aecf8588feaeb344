"""The data report as text and as JSON values; ``ocr train`` shows what ``ocr check`` shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ocr.cli.characters import grouped
from ocr.cli.display import counted
from ocr.training.data.datareport import DataReport

SHOWN_PROBLEMS = 10
SHOWN_RARE = 20


def report_text(report: DataReport, see_all: str) -> str:
    """The report for a terminal. ``see_all`` says where the problems beyond the first are."""
    return "\n".join([*_facts(report), *_problems(report, see_all)])


def report_values(report: DataReport) -> dict[str, Any]:
    """The report for ``json``."""
    return {
        "lines": report.lines,
        "characters": report.characters,
        "alphabet": report.alphabet,
        "pages": report.pages,
        "rare": [{"character": character, "times": times} for character, times in report.rare],
        "sources": [{"source": source, "lines": lines} for source, lines in report.sources],
        "problems": [asdict(problem) for problem in report.problems],
    }


def _facts(report: DataReport) -> Iterator[str]:
    yield (
        f"{counted(report.lines, 'line')} on {counted(report.pages, 'page')}, "
        f"{counted(report.characters, 'character')}, {len(report.alphabet)} different"
    )
    if len(report.sources) > 1:
        for source, lines in report.sources:
            yield f"  {lines:>7,}  {source}"
    for name, characters in grouped(report.alphabet).items():
        yield f"  {name:<12} {characters}"
    if report.rare:
        rare = [f"{_visible(character)} ({times})" for character, times in report.rare]
        more = f" and {len(rare) - SHOWN_RARE} more" if len(rare) > SHOWN_RARE else ""
        yield f"  {'rare':<12} {', '.join(rare[:SHOWN_RARE])}{more}"


def _visible(character: str) -> str:
    return next(iter(grouped(character).values()))


def _problems(report: DataReport, see_all: str) -> Iterator[str]:
    count = len(report.problems)
    if not count:
        return
    yield f"{counted(count, 'line')} cannot be used:"
    for problem in report.problems[:SHOWN_PROBLEMS]:
        named = problem.reason.startswith(problem.id)  # as the image loader's reasons are
        yield f"  {problem.reason if named else f'{problem.id}: {problem.reason}'}"
        yield f"    {problem.fix}"
    if count > SHOWN_PROBLEMS:
        yield f"  and {count - SHOWN_PROBLEMS:,} more; {see_all}"
