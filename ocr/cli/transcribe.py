"""``ocr transcribe``: folders of lines and pages -> files."""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import formats_option, make_command, model_option
from ocr.cli.failures import complain, say
from ocr.cli.inputs import standard_input
from ocr.cli.options import options_from
from ocr.errors import InputError, OutputError, PartialFailure, UsageError
from ocr.files.names import printable
from ocr.options import BatchOptions, DecodingOptions

if TYPE_CHECKING:
    from ocr.batch.model import ModelFile
    from ocr.batch.plan import Plan
    from ocr.types import Outcome

STDIN = "-"

EXAMPLES = """\
ocr transcribe scans/ -o texts/                         scans/a/x.png -> texts/a/x.txt
ocr transcribe scans/ -o texts/ -m mine.safetensors     with a model of your own
ocr transcribe pages/ -o out/ --format txt,alto,pdf     text, ALTO and searchable PDF of each
ocr transcribe pages/ -o out/ --input page              all of them whole pages
ocr transcribe scans/ -o texts/ --lm french.lm          with knowledge of the language
ocr transcribe scans/ -o out/ --jobs 4                  in four processes
ocr transcribe scans/ -o out/ --shard 2/8               the second of eight computers
find scans -name '*.tif' | ocr transcribe - -o out/     names from standard input"""


@make_command("transcribe", EXAMPLES)
@click.argument("sources", metavar="IN...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder to write to; the tree below each IN is kept in it.",
)
@click.option(
    "--files-from",
    "lists",
    metavar="LIST",
    multiple=True,
    help="File with a name of a file or folder per line, - for standard input; the whole name is "
    "kept below OUT.",
)
@model_option
@formats_option(default="txt", show_default=True)
@options_from(BatchOptions, "options", "Work")
@options_from(DecodingOptions, "decoding", "Reading")
def command(
    sources: tuple[str, ...],
    output: Path,
    lists: tuple[str, ...],
    model: str,
    formats: str,
    options: BatchOptions,
    decoding: DecodingOptions,
) -> None:
    """Read every line and page below IN... and write its files into OUT.

    IN is a folder, a file or a pattern: images of lines and of pages, TIFF and PDF of several
    pages, and pages in PAGE XML, ALTO, hOCR or JSON with their images, whose lines are used as
    they are given and read anew, without what else the file says. Those of other pages are found.

    What is done is skipped, so the same command continues after any stop; what has changed, or
    is missing, is done again. A file in OUT that was corrected by hand is kept as it is. What
    cannot be read costs only itself: it is named at the end and in OUT/failures.tsv.

    Exit code: 0 all done, 3 some pages or lines failed, 4 none could be used, 6 OUT cannot be
    written or another run is writing there.
    """
    from ocr.batch.model import ModelFile
    from ocr.cli.display import progress_bar

    with progress_bar("looking for pages"):
        planned = _plan(sources, lists, output, formats, options)
    outcomes: list[Outcome] = []
    began = time.monotonic()
    try:
        _run(ModelFile.named(model, decoding), planned, outcomes)
    except (KeyboardInterrupt, OutputError):
        if outcomes:
            _summarize(outcomes, time.monotonic() - began)
            then = "begins anew" if options.overwrite else "goes on from here"
            say(f"what is done stays; the same command {then}", "yellow")
        raise
    _summarize(outcomes, time.monotonic() - began)
    _report(outcomes)
    _judge(outcomes, planned)


def _plan(
    sources: Sequence[str], lists: Sequence[str], output: Path, formats: str, options: BatchOptions
) -> Plan:
    from ocr.batch.plan import plan

    if not (sources or lists):
        raise UsageError("nothing to read is named", "see: ocr transcribe --help")
    named = [source for source in sources if source != STDIN]
    lists = [*lists, STDIN] if len(named) < len(sources) else lists
    listed = [name for path in lists for name in _names(path)]
    return plan(named, output, formats.split(","), options, listed)


def _names(path: str) -> list[str]:
    """The names in a list, one per line; empty lines are left out. Raises UsageError."""
    try:
        data = standard_input() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check its name") from error
    names = data.removeprefix(codecs.BOM_UTF8).splitlines()
    return [os.fsdecode(name) for name in names if name.strip()]


def _run(model: ModelFile, planned: Plan, outcomes: list[Outcome]) -> None:
    """Do the work and add to ``outcomes`` as it goes on."""
    from ocr.batch.run import work
    from ocr.cli.display import progress_bar

    total = len(planned.jobs) + len(planned.refused)
    with progress_bar("reading", "pages") as move, closing(work(model, planned)) as coming:
        skipped = 0
        for outcome in coming:
            outcomes.append(outcome)
            skipped += outcome.status == "skipped"
            move(len(outcomes) - skipped, total - skipped)


def _summarize(outcomes: Sequence[Outcome], seconds: float) -> None:
    from ocr.cli.display import duration

    statuses = [outcome.status for outcome in outcomes]
    read = len(statuses) - statuses.count("skipped")
    speed = f"in {duration(seconds)}, {read / seconds:.1f} pages/s" if read else ""
    for status, note in (("done", speed), ("skipped", "done before, or kept"), ("failed", "")):
        count = statuses.count(status)
        click.echo(f"{status:<8}{count:>8,}  {note if count else ''}".rstrip())


def _report(outcomes: Sequence[Outcome]) -> None:
    """Name what failed, and what was not written as someone else has."""
    from ocr.cli.display import counted

    for outcome in outcomes:
        if outcome.status == "failed":
            complain(outcome.error)
        for problem in outcome.problems:
            complain(f"{problem.id}: {problem.reason}; {problem.fix}")
        for remark in outcome.remarks:
            say(remark, "yellow")
    kept = [path for outcome in outcomes for path in outcome.kept]
    if kept:
        files = counted(len(kept), "file")
        what = f"kept {files} not as written by ocr transcribe"
        say(f"{what}, the first {printable(kept[0])}; --overwrite replaces", "yellow")


def _judge(outcomes: Sequence[Outcome], planned: Plan) -> None:
    """Raise InputError if nothing could be used, PartialFailure if something could not."""
    from ocr.batch.failures import failures_path
    from ocr.cli.display import counted

    hint = f"see {failures_path(planned.out, planned.options.part())}"
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    lines = sum(len(outcome.problems) for outcome in outcomes)
    if failed and failed == len(outcomes):
        reason = f"none of the {failed} pages could be read" if failed > 1 else "no page was read"
        raise InputError(reason, hint)
    if failed or lines:
        parts = [counted(failed, "page")] * bool(failed) + [counted(lines, "line")] * bool(lines)
        raise PartialFailure(f"{' and '.join(parts)} of {len(outcomes)} pages failed", hint)
