"""``ocr adapt``: a model learns one hand from a few lines of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import make_command, model_file, model_option
from ocr.cli.draft import add_to_draft, read_draft, require_corrections
from ocr.cli.failures import say
from ocr.cli.options import given, options_from, switch_of
from ocr.errors import InputError, UsageError
from ocr.files.names import LIST_SUFFIXES, PAGE_SUFFIXES, passed_over_below
from ocr.options import AdaptationOptions

if TYPE_CHECKING:
    from ocr.training.run import Run

LIST = ".tsv"
TRANSCRIBED = (*LIST_SUFFIXES, *PAGE_SUFFIXES)  # files that hold transcriptions, if anything

EXAMPLES = """\
ocr adapt lines/ -o mine          the first time: read 50 of the lines into mine.tsv
                                  now correct mine.tsv in an editor or a spreadsheet
ocr adapt lines/ -o mine          again: learn from mine.tsv, make mine.safetensors
ocr adapt 'pages/*.xml' -o mine   pages that are transcribed already, PAGE XML or ALTO
ocr recognize new.png -m mine.safetensors"""


@make_command("adapt", EXAMPLES)
@click.argument("lines", metavar="LINES...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    type=click.Path(path_type=Path),
    required=True,
    help="Model file to make (.safetensors); the draft, MODEL.tsv, is put beside it.",
)
@model_option
@options_from(AdaptationOptions, "options", "Learning")
@click.option("--overwrite", is_flag=True, help="Learn anew where MODEL exists.")
def command(
    lines: tuple[str, ...], output: Path, model: str, options: AdaptationOptions, overwrite: bool
) -> None:
    """Teach a model the hand of LINES: folders or patterns of line images.

    The first call reads some of them and writes what it read into a list, one image<TAB>text
    per line. Correct every text in it, in a spreadsheet with both columns imported as text, else
    it makes dates and numbers of some; delete the lines that you do not want. The second call
    learns from the list, and tells the error rate on lines held back before and after; --more
    reads further lines into it, maybe deleted ones again. Lines that have a transcription already
    (as for ocr train) are learnt from at once.

    For pages: ocr transcribe PAGES -o PAGES --format pagexml, correct the XML beside the images,
    then ocr adapt 'PAGES/*.page.xml' -o MODEL. Correct every page that you give: what is as the
    model read it confirms the model in its errors.

    The new model keeps the old weights beside the new ones, reads every line with both, and
    believes those that are surer: other hands are read nearly as before, all of them more slowly.
    Of a model that remembers old weights already, those stay, and what it learnt since may be
    forgotten: learn several hands in one go.
    """
    from ocr.cli.display import counted
    from ocr.training.claim import check_free

    output = model_file(output)
    draft = output.with_suffix(LIST)
    drafted = draft.exists()
    named = drafted and _names(draft, lines)
    if named:
        read_draft(draft)  # says better what is wrong with it
    transcribed = _transcribed(lines, draft)
    if drafted and transcribed and not named:
        raise UsageError(
            f"{draft} holds transcribed lines, and so do those given",
            "name the model otherwise with -o, or move that list away",
        )
    if options.more:  # nothing is learnt yet
        _check_more(draft, transcribed)
    else:
        anew = "learn anew, from later corrections too, with --overwrite, or choose another -o"
        check_free(output, overwrite, anew)
    if not options.more and (drafted or transcribed):
        if "lines" in given(AdaptationOptions):
            there = f"{draft} has lines already" if drafted else "transcribed lines are all learnt"
            more = "read further ones with --more N, or " if drafted else ""
            raise UsageError(there, f"{more}leave out --lines")
        if drafted:
            if not transcribed:
                click.echo(f"learning from {draft}, into which lines were read before")
            require_corrections(draft, model)
        _learn(lines if transcribed else (str(draft),), output, model, options, overwrite)
        return
    count = add_to_draft(_images(lines, output), options.more or options.lines, draft, model)
    again = _next(draft, output, model, overwrite or output.exists())
    click.echo(
        f"read {counted(count, 'line')} into {draft}\n"
        f"next:  correct the texts (image<TAB>text, UTF-8), delete what you do not want, then\n"
        f"       {again}"
    )


def _check_more(draft: Path, transcribed: bool) -> None:
    """Raise UsageError where no further lines can be read into the draft."""
    if not draft.exists():
        raise UsageError(f"--more reads lines into {draft}, which is not there yet", "leave it out")
    if transcribed:
        raise UsageError(f"--more reads lines into {draft}", "name their images")


def _names(draft: Path, lines: Sequence[str]) -> bool:
    """Whether the draft is among the sources."""
    from ocr.files.sources import expand

    return any(draft.samefile(path) for line in lines for path in expand(line)[1])


def _next(draft: Path, output: Path, model: str, overwrite: bool) -> str:
    """The command for a shell that learns from the draft, with the switches of the running one but
    the numbers of lines, which have had their effect."""
    words = ["ocr", "adapt", str(draft), "-o", str(output), "-m", model]
    for field, value in given(AdaptationOptions).items():
        if field not in ("lines", "more"):
            words += [switch_of(AdaptationOptions, field), f"{value:g}"]
    return shlex.join([*words, *["--overwrite"] * overwrite])


def _transcribed(sources: Sequence[str], draft: Path) -> bool:
    """Whether the sources have texts beside their images, or are lists or pages. Raises InputError
    if they are meant to, but nothing can be used, UsageError for what is no data; a folder that
    holds the draft, and no other list, is one of images."""
    from ocr.files.names import image_stem
    from ocr.training.data.dataset import read_samples

    try:
        dataset = read_samples(sources)
    except InputError:
        if any(Path(source).suffix.lower() in TRANSCRIBED for source in sources):
            raise
        return False  # images without a text
    except UsageError:
        if draft.exists() and all(_of_images(source, draft) for source in sources):
            return False
        raise
    if dataset.samples:
        return True
    # A problem is called after the image only where it has no text at all.
    first = next((each for each in dataset.problems if image_stem(each.id) is None), None)
    if first is not None:
        raise InputError(f"{first.id}: {first.reason}", first.fix)
    return False


def _of_images(source: str, draft: Path) -> bool:
    """Whether the source is a folder with no list and no page in it, or below it, but the draft."""
    folder = Path(source)
    written = (
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in set(TRANSCRIBED) - {".txt"}  # which may be notes
        and path.is_file()
        and not passed_over_below(folder, path)
    )
    return folder.is_dir() and all(map(draft.samefile, written))


def _images(sources: Sequence[str], output: Path) -> list[Path]:
    """The images of the sources, as ocr transcribe finds them."""
    from ocr.batch.inputs import OutputFolder, find
    from ocr.files.names import image_stem
    from ocr.training.run import run_folder

    files = (found.path for found in find(sources, OutputFolder(run_folder(output))))
    images = [path for path in files if image_stem(path.name) is not None]
    if not images:
        raise InputError("there is no image", "give line images: png, jpg, tif, webp")
    return list(dict.fromkeys(images))


def _learn(
    data: Sequence[str], output: Path, model: str, options: AdaptationOptions, overwrite: bool
) -> None:
    from ocr.cli.display import counted
    from ocr.cli.train import train
    from ocr.cli.trainingdisplay import percent

    with ExitStack() as hold:
        run = _prepared(data, output, model, options, overwrite, hold)
        click.echo(
            f"learning from {counted(len(run.train), 'line')}, {len(run.validation)} held back to "
            f"judge by, {options.minutes:g} min at most"
        )
        train(run)
    before, best = _error_rates(run)
    held = f"the {counted(len(run.validation), 'line')} held back, which chose the model"
    click.echo(f"CER of the network alone on {held}: ", nl=False)
    if best < before:
        fall = f"{100 * (1 - best / before):.0f} % fewer errors"
        click.echo(f"{percent(before)} before, {percent(best)} after, {fall}")
    else:
        click.echo(
            f"{percent(before)} before and no better after; correct more lines (into the draft: "
            "ocr adapt IMAGES -o MODEL --more N), then the same command with --overwrite"
        )
    click.echo(f"model  {output}\nnext:  ocr recognize LINE -m {shlex.quote(str(output))}")


def _prepared(
    data: Sequence[str],
    output: Path,
    model: str,
    options: AdaptationOptions,
    overwrite: bool,
    hold: ExitStack,
) -> Run:
    """The run, its folder held. Raises InputError where no line is left to judge by."""
    from ocr.cli.display import counted, progress_bar
    from ocr.network.shipped import resolve_model
    from ocr.training.claim import claimed
    from ocr.training.prepare import Recipe, prepare
    from ocr.training.session import write_problems

    recipe = Recipe(training=options.training, start=resolve_model(model))
    claim = partial(hold.enter_context, claimed(output, overwrite))
    with progress_bar("reading lines") as move:
        run, report = prepare(data, output, recipe, on_progress=move, on_data=claim)
    if listed := write_problems(run, report.problems):
        say(f"{counted(len(report.problems), 'line')} left out, see {listed}", "yellow")
    if not run.validation:
        raise InputError(
            f"{counted(len(run.train), 'line')} cannot be learnt from: one in five is held back",
            f"transcribe more, about {AdaptationOptions().lines}",
        )
    return run


def _error_rates(run: Run) -> tuple[float, float]:
    """CER on the lines held back, 0..1: of the model begun with, and of the one made."""
    from ocr.network.modelheader import read_spec
    from ocr.training.record import read_log

    return read_log(run.folder)[0]["cer"], read_spec(run.output).training["validation_cer"]
