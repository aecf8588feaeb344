"""The draft of ``ocr adapt``: a list of lines as a model read them, to be corrected by hand."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.failures import say
from ocr.errors import ImageError, InputError, UsageError
from ocr.files.names import is_unicode, printable
from ocr.files.rows import Quotes, field, lines_of, quotes_of
from ocr.options import ReadingOptions

if TYPE_CHECKING:
    from ocr.training.data.dataset import Dataset


def add_to_draft(images: Sequence[Path], count: int, draft: Path, model: str) -> int:
    """Read ``count`` of the images, none that is listed already, and list them with what was read;
    returns their number. Spreadsheets know by the mark in the beginning that it is UTF-8."""
    from ocr.files.atomic import write_atomically

    before = draft.read_bytes() if draft.exists() else b""
    listed = {sample.image.resolve() for sample in read_draft(draft).samples} if before else set()
    # As a spreadsheet quotes them, if one has: else it could not be told any more that one did.
    quotes = quotes_of(lines_of(before.decode("utf-8-sig", "replace")))
    rows = _rows(spread([i for i in images if i.resolve() not in listed], count), model, quotes)
    if not rows:
        raise InputError("no further image could be read", "give images of single lines")
    if (draft.read_bytes() if draft.exists() else b"") != before:  # maybe by corrections
        raise UsageError(f"{draft} has changed meanwhile", "give the same command again")
    whole = before or codecs.BOM_UTF8
    ended = whole if not before or before.endswith(b"\n") else whole + b"\n"
    write_atomically(draft.resolve(), ended + "".join(rows).encode("utf-8"))
    return len(rows)


def require_corrections(draft: Path, model: str) -> None:
    """Raise UsageError for a draft that says no more than the model itself: to learn from it
    would confirm the model in its errors. Raises InputError as ``read_draft``."""
    from ocr.cli.display import counted, progress_bar
    from ocr.evaluation import evaluate
    from ocr.recognition import load_model

    dataset = read_draft(draft)
    with progress_bar("reading") as move:
        report = evaluate(load_model(model), dataset.samples, on_progress=move)
    corrected = sum(line.edits > 0 for line in report.lines)
    if not corrected:
        raise UsageError(
            f"no text of {draft} differs from what the model reads",
            "correct it, then call again; or name other lines and another -o",
        )
    click.echo(f"{counted(corrected, 'line')} of {len(report.lines)} in {draft} corrected")


def read_draft(draft: Path) -> Dataset:
    """The lines of the draft. Raises InputError for rows that cannot be used, as of a spreadsheet
    that wrote them in another encoding: what was corrected there would be lost."""
    from ocr.cli.display import counted
    from ocr.training.data.dataset import read_samples

    dataset = read_samples([draft])
    if dataset.problems:
        first = dataset.problems[0]
        encoded = "save it as UTF-8, under the same name" if "UTF-8" in first.reason else ""
        raise InputError(
            f"{counted(len(dataset.problems), 'row')} of {draft} cannot be used; the first, "
            f"{first.id}: {first.reason}",
            encoded or first.fix,
        )
    return dataset


def spread(images: Sequence[Path], count: int) -> list[Path]:
    """At most ``count`` of the images, evenly over all of them: a hand changes over the years."""
    step = max(1.0, len(images) / count)
    return [images[int(place * step)] for place in range(min(count, len(images)))]


def _rows(images: Sequence[Path], model: str, quotes: Quotes) -> list[str]:
    """The rows of a draft: each image with what was read. ``quotes``: see ``field``."""
    from ocr.cli.display import progress_bar
    from ocr.recognition import load_model
    from ocr.types import PageTranscript

    recognizer = load_model(model)
    rows = []
    with progress_bar("reading") as move:
        for done, image in enumerate(images, start=1):
            (result,) = recognizer.read_many([image], ReadingOptions())
            if isinstance(result, ImageError):
                say(f"left out: {result}", "yellow")
            elif isinstance(result, PageTranscript):
                say(f"left out: {image} shows a page; see ocr adapt --help", "yellow")
            elif not _listable(image.resolve()):
                say(f"left out: {printable(image)}, whose name cannot stand in a list", "yellow")
            else:
                fields = (field(text, quotes) for text in (str(image.resolve()), result.text))
                rows.append("\t".join(fields) + "\n")
            move(done, len(images))
    return rows


def _listable(image: Path) -> bool:
    """Whether the name can stand in a list image<TAB>text of UTF-8."""
    return is_unicode(str(image)) and not set(str(image)) & set("\t\r\n")
