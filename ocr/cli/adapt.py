"""``ocr adapt``: a model learns one hand from a few lines of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from ocr.cli.command import make_command, model_file, model_option
from ocr.cli.draft import add_to_draft, read_draft, require_corrections
from ocr.cli.learn import learn
from ocr.cli.options import given, options_from, switch_of
from ocr.errors import InputError, UsageError
from ocr.files.names import LIST_SUFFIXES, PAGE_SUFFIXES, passed_over_below
from ocr.options import AdaptationOptions

LIST = ".tsv"
TRANSCRIBED = (*LIST_SUFFIXES, *PAGE_SUFFIXES)  # files that hold transcriptions, if anything
FEW_NAMES = 3  # more are not repeated: a shell has made them of a pattern

EXAMPLES = """\
ocr adapt lines/ -o mine          the first time: read 50 of the lines into mine.tsv
                                  now correct mine.tsv in an editor or a spreadsheet
ocr adapt lines/ -o mine          again: learn from mine.tsv, make mine.safetensors
ocr adapt 'pages/*.xml' -o mine   pages that are transcribed already, PAGE XML or ALTO
ocr adapt pages/ -o mine          the same, and those of the folder that are not
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

    Images of LINES without a transcription, of lines or pages, are learnt from too: when the known
    lines are learnt, it reads some of them, and goes on to learn what it read surest beside the
    known lines.

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
    transcribed = [source for source in lines if _transcribed(source, draft)]
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
        data = transcribed or [str(draft)]
        unread = _unread(lines, data, output) if options.unread else []
        learn(data, unread, output, model, options, overwrite)
        return
    images = _images(lines, output)
    if not images:
        raise InputError("there is no image", "give line images: png, jpg, tif, webp")
    count = add_to_draft(images, options.more or options.lines, draft, model)
    sources = lines if len(lines) <= FEW_NAMES else (str(draft),)
    again = _next(sources, output, model, overwrite or output.exists())
    click.echo(
        f"read {counted(count, 'line')} into {draft}\n"
        f"next:  correct the texts (image<TAB>text, UTF-8), delete what you do not want, then\n"
        f"       {again}"
    )


def _check_more(draft: Path, transcribed: Sequence[str]) -> None:
    """Raise UsageError where no further lines can be read into the draft."""
    if not draft.exists():
        raise UsageError(f"--more reads lines into {draft}, which is not there yet", "leave it out")
    if transcribed:
        raise UsageError(f"--more reads lines into {draft}", "name their images")


def _names(draft: Path, lines: Sequence[str]) -> bool:
    """Whether the draft is among the sources."""
    from ocr.files.sources import expand

    return any(draft.samefile(path) for line in lines for path in expand(line)[1])


def _next(sources: Sequence[str], output: Path, model: str, overwrite: bool) -> str:
    """The command for a shell that learns from the draft, with the switches of the running one but
    the numbers of lines, which have had their effect."""
    words = ["ocr", "adapt", *sources, "-o", str(output), "-m", model]
    for field, value in given(AdaptationOptions).items():
        if field not in ("lines", "more"):
            words += [switch_of(AdaptationOptions, field), f"{value:g}"]
    return shlex.join([*words, *["--overwrite"] * overwrite])


def _transcribed(source: str, draft: Path) -> bool:
    """Whether the source has texts beside its images, or is a list or a page. Raises InputError
    if it is meant to, but nothing can be used, UsageError for what is no data; a folder that
    holds the draft, and no other list, is one of images."""
    from ocr.files.names import image_stem
    from ocr.training.data.dataset import read_samples

    try:
        dataset = read_samples([source])
    except InputError:
        if Path(source).suffix.lower() in TRANSCRIBED:
            raise
        return False  # images without a text
    except UsageError:
        if draft.exists() and _of_images(source, draft):
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

    sources = [source for source in sources if Path(source).suffix.lower() not in LIST_SUFFIXES]
    files = (found.path for found in find(sources, OutputFolder(run_folder(output))))
    return list(dict.fromkeys(path for path in files if image_stem(path.name) is not None))


def _unread(sources: Sequence[str], data: Sequence[str], output: Path) -> list[Path]:
    """The images of the sources that show nothing of the data, in whatever variant."""
    from ocr.training.data.dataset import read_samples

    known = {_shown(sample.image) for sample in read_samples(data).samples}
    return [image for image in _images(sources, output) if _shown(image) not in known]


def _shown(image: Path) -> tuple[Path, str]:
    """What an image shows: ``a.bin.png`` the same as ``a.png``."""
    from ocr.files.names import image_stem, line_stem, real_path

    real = real_path(image)
    return real.parent, line_stem(image_stem(real.name) or real.name)
