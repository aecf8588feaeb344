"""``ocr transcribe``: folders of images, lines or pages -> files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import command as make_command
from ocr.cli.command import model_option
from ocr.cli.failures import complain, say
from ocr.cli.options import options_from
from ocr.errors import InputError, OutputError, PartialFailure
from ocr.options import BatchOptions, DecodingOptions

if TYPE_CHECKING:
    from ocr.batch import Plan
    from ocr.recognition import Recognizer
    from ocr.types import Outcome

EXAMPLES = """\
ocr transcribe scans/ -o texts/                         scans/a/x.png -> texts/a/x.txt
ocr transcribe scans/ -o texts/ -m mine.safetensors     with a model of your own
ocr transcribe scans/ -o texts/ --input page            all of them whole pages
ocr transcribe scans/ -o out/ --format txt,json         boxes and confidences as well
ocr transcribe scans/ -o texts/ --lm french.lm          with knowledge of the language"""


@make_command("transcribe", EXAMPLES)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder to write to; the tree below each FOLDER is kept in it.",
)
@model_option
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    default="txt",
    show_default=True,
    help="What to write, separated by commas: txt, json.",
)
@options_from(BatchOptions, "options", "Work")
@options_from(DecodingOptions, "decoding", "Reading")
def command(
    folders: tuple[str, ...],
    output: Path,
    model: str,
    formats: str,
    options: BatchOptions,
    decoding: DecodingOptions,
) -> None:
    """Read every image below FOLDER..., a line or a page, and write one file per image.

    What is done is skipped, so the same command continues after a stop. An image that cannot
    be read costs only itself: it is named at the end and in OUT/failures.tsv.

    Exit code: 0 all done, 3 some images failed, 4 none could be used.
    """
    from ocr.batch import plan, skipped, write_failures
    from ocr.recognition import load_model

    suffixes = list(dict.fromkeys(part.strip() for part in formats.split(",") if part.strip()))
    planned = plan(folders, output, suffixes, options.overwrite)
    outcomes = list(skipped(planned))
    try:
        load = partial(load_model, model, decoding)
        _run(planned, load, options, outcomes.append)
    except (KeyboardInterrupt, OutputError):
        _summarize(outcomes)
        say("what is done stays; the same command goes on from here", "yellow")
        raise
    failures = write_failures(output, outcomes)
    _summarize(outcomes)
    for outcome in outcomes:
        if outcome.status == "failed":
            complain(outcome.error)
    _judge(outcomes, failures)


def _run(
    planned: Plan,
    load: Callable[[], Recognizer],
    options: BatchOptions,
    on_outcome: Callable[[Outcome], None],
) -> None:
    if not planned.pending:
        return  # nothing to load a model for
    from ocr.batch import work
    from ocr.cli.display import progress_bar

    total = len(planned.pending)
    with (
        progress_bar("reading") as move,
        closing(work(load(), planned.pending, options)) as outcomes,
    ):
        move(0, total)
        for number, outcome in enumerate(outcomes, start=1):
            on_outcome(outcome)
            move(number, total)


def _summarize(outcomes: Iterable[Outcome]) -> None:
    statuses = [outcome.status for outcome in outcomes]
    click.echo(", ".join(f"{statuses.count(s)} {s}" for s in ("done", "skipped", "failed")))


def _judge(outcomes: list[Outcome], failures: Path | None) -> None:
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if failed == len(outcomes):
        raise InputError(f"none of the {failed} images could be read", f"see {failures}")
    if failed:
        raise PartialFailure(f"{failed} of {len(outcomes)} images failed", f"see {failures}")
