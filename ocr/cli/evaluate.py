"""``ocr evaluate``: a model against transcribed lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import format_option, make_command, model_names
from ocr.cli.failures import say
from ocr.cli.inputs import files_of, keep
from ocr.cli.options import options_from
from ocr.errors import PartialFailure, UsageError
from ocr.files.marks import has_mark
from ocr.files.names import printable
from ocr.network.shipped import SUFFIX
from ocr.options import DecodingOptions

if TYPE_CHECKING:
    from ocr.evaluation import Report
    from ocr.metrics import ErrorRate

SHOWN_PROBLEMS = 10

EXAMPLES = """\
ocr evaluate mine.safetensors test.tsv                    error rates, and a report with images
ocr evaluate default lines/ --no-html                     the shipped model, rates only
ocr evaluate mine.safetensors test.tsv --lm french.lm     with a language model
ocr evaluate mine.safetensors test.tsv --html today.html  name the report
ocr evaluate mine.safetensors test.tsv --format json      every line with its reading"""


@make_command("evaluate", EXAMPLES)
@click.argument("model", shell_complete=model_names)
@click.argument("data", metavar="DATA...", nargs=-1, required=True)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the report with the line images.  "
    "[default: NAME-evaluation.html here, NAME being the model's]",
)
@click.option("--no-html", is_flag=True, help="Write no report.")
@click.option(
    "--lines",
    metavar="N",
    type=click.IntRange(min=0),
    default=10,
    help="How many of the worst lines to print.  [default: 10]",
)
@format_option("text", "json")
@options_from(DecodingOptions, "decoding", "Reading", but=("alternatives",))
def command(
    model: str,
    data: tuple[str, ...],
    html: Path | None,
    no_html: bool,
    lines: int,
    kind: str,
    decoding: DecodingOptions,
) -> None:
    """Read the transcribed lines of DATA with MODEL and count the errors.

    Prints character and word error rates with their 95 % intervals, what proofreading the least
    confident lines would bring, the most confused characters and the worst lines, and writes a
    report with the line images. MODEL is a model file or the name of a shipped model; DATA is
    as for ocr train.

    Exit code: 0 all read, 3 some lines could not be used, 4 none could.
    """
    if html and no_html:
        raise UsageError("--html and --no-html contradict each other", "give one of them")
    name = Path(model).name.removesuffix(SUFFIX)
    page = None if no_html else html or Path(f"{name}-evaluation.html")
    report, left_out = _evaluate(model, data, decoding, page)
    try:
        _show(report, kind, lines)
    finally:  # after the figures, which a place that cannot be written must not cost
        if page:
            _write(report, page)
    if page and kind == "text":
        click.echo(f"\nreport with images: {page}")
    unread = left_out + len(report.failed)
    if unread:
        raise PartialFailure(
            f"{unread} of {len(report.lines) + unread} lines could not be used",
            "see: ocr check DATA",
        )


def _evaluate(
    model: str, data: tuple[str, ...], decoding: DecodingOptions, page: Path | None
) -> tuple[Report, int]:
    """The report, and how many lines of the data were unusable from the start. Raises UsageError
    if its ``page`` would take the place of what is read."""
    from ocr.cli.display import progress_bar
    from ocr.cores import usable_cores
    from ocr.evaluation import evaluate
    from ocr.recognition import load_model
    from ocr.report import MARK
    from ocr.training.data.dataset import read_samples

    dataset = read_samples(data)
    if page is not None:
        inputs = (model, decoding.language_model or "", decoding.lexicon or "")
        keep((*inputs, *files_of(data, dataset.samples)), page, "name another file with --html")
        if page.is_file() and page.stat().st_size and not has_mark(page, MARK):
            raise UsageError(
                f"{printable(page)} is no report of ocr evaluate",
                "name another file with --html, or move it away",
            )
    for problem in dataset.problems[:SHOWN_PROBLEMS]:
        say(f"left out: {problem.id}: {problem.reason}", "yellow")
    recognizer = load_model(model, decoding, usable_cores())
    with progress_bar("reading") as move:
        report = evaluate(recognizer, dataset.samples, on_progress=move)
    return replace(report, options=recognizer.decoding.stated), len(dataset.problems)


def _show(report: Report, kind: str, worst: int) -> None:
    if kind == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
        return
    for line in _text(report, worst):
        click.echo(line)


def _write(report: Report, page: Path) -> None:
    from ocr.files.atomic import write_atomically
    from ocr.report import html_report

    write_atomically(page, html_report(report))


def _text(report: Report, worst: int) -> Iterator[str]:
    from ocr.cli.display import counted

    yield (
        f"model {report.reader}, {counted(len(report.lines), 'line')} "
        f"in {report.seconds:.1f} s ({report.lines_per_second:.1f} lines/s)"
    )
    yield f"CER  {_rate(report.cer, 'character')}"
    yield f"WER  {_rate(report.wer, 'word')}"
    yield from _confidence(report)
    for failure in report.failed:
        yield f"not read: {failure.id}: {failure.reason}"
    if report.confusions:
        yield "\nmost confused  (in the text -> as read: times)"
    for item in report.confusions:
        yield f"  {_character(item.reference)} -> {_character(item.hypothesis)}: {item.count:,}"
    if report.worst(worst):
        yield "\nworst lines"
    for line in report.worst(worst):
        yield f"  {line.id}  ({counted(line.edits, 'edit')}, CER {100 * line.rate:.1f} %)"
        yield f"    text     {line.reference}"
        yield f"    reading  {line.text}"


def _confidence(report: Report) -> Iterator[str]:
    from ocr.evaluation import CORRECTED

    if report.reliability:
        characters = sum(entry.count for entry in report.reliability)
        error = 100 * report.calibration_error
        yield f"expected calibration error {error:.1f} points over {characters:,} characters"
    if report.cer.edits and len(report.lines) * min(CORRECTED) >= 1:
        yield "\ncorrecting the least confident lines"
        for share, removed in zip(CORRECTED, report.errors_removed(), strict=True):
            yield f"  {100 * share:3.0f} % of them removes {100 * removed:3.0f} % of the errors"


def _rate(rate: ErrorRate, unit: str) -> str:
    from ocr.cli.display import counted
    from ocr.metrics import FEW_FOR_INTERVAL

    low, high = rate.interval
    interval = f"95 % interval {100 * low:.2f} to {100 * high:.2f} %"
    return (
        f"{100 * rate.rate:6.2f} %   {interval if rate.tells_interval else FEW_FOR_INTERVAL}   "
        f"{counted(rate.edits, 'edit')} in {counted(rate.length, unit)}"
    )


def _character(character: str) -> str:
    from ocr.cli.characters import grouped

    return next(iter(grouped(character).values())) if character else "nothing"
