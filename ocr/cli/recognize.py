"""``ocr recognize``: images of lines or pages -> text on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import format_option, make_command, model_option
from ocr.cli.failures import complain, say
from ocr.cli.inputs import standard_input
from ocr.cli.options import options_from
from ocr.errors import ImageError, InputError, OcrError, PartialFailure, UsageError
from ocr.files.names import place_of
from ocr.options import DecodingOptions, ReadingOptions

if TYPE_CHECKING:
    from ocr.preprocessing.pages import PageImage
    from ocr.recognition import Recognizer
    from ocr.types import Float32Array, PageTranscript, Transcript

    Reading = Transcript | PageTranscript

BATCH = 32  # images read before their text is printed
STDIN = "-"

EXAMPLES = """\
ocr recognize line.png                          one line of text
ocr recognize page.jpg                          the lines of a page, in the order of reading
ocr recognize scan.tif book.pdf                 every page of a TIFF or a PDF
ocr recognize 'lines/*.png' --with-names        a pattern; each line after its image's name
ocr recognize line.png --format json            confidence and a box per character
ocr recognize line.png --lm french.lm           with a language model of your own; none: without
ocr recognize line.png --format json --alternatives 4
ocr recognize - < line.png                      the image from standard input"""


@make_command("recognize", EXAMPLES)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@model_option
@format_option("text", "json")
@click.option(
    "--with-names",
    is_flag=True,
    help="Begin each line of text with the image's name and a TAB; JSON has it anyway.",
)
@options_from(ReadingOptions, "options", "Input")
@options_from(DecodingOptions, "decoding", "Reading")
def command(
    images: tuple[str, ...],
    model: str,
    kind: str,
    with_names: bool,
    options: ReadingOptions,
    decoding: DecodingOptions,
) -> None:
    """Print the text of each IMAGE, of a line or of a page, in order, line by line.

    An IMAGE can be a TIFF or a PDF of several pages; of a TIFF from standard input the first is
    read. What cannot be read is named on standard error and has no line in the output;
    --with-names shows which is which. For whole folders see: ocr transcribe.

    Exit code: 0 all read, 3 some failed, 4 none could be used.
    """
    from ocr.cores import usable_cores
    from ocr.recognition import load_model
    from ocr.types import PageTranscript

    if decoding.alternatives and kind == "text":
        raise UsageError("--alternatives are no part of the text", "add --format json")
    sources = [source for image in images for source in _sources(image)]
    usable = not all(isinstance(source, OcrError) for source in sources)
    recognizer = load_model(model, decoding, usable_cores()) if usable else None
    failed = 0
    for source, result in _results(recognizer, sources, options):
        if isinstance(source, OcrError) or isinstance(result, OcrError):
            failed += 1
            complain(str(result))
            continue
        assert recognizer is not None
        name = place_of(source.path, source.index)
        if isinstance(result, PageTranscript) and not result.transcripts:
            say(f"{name}: no line was found; if it shows a single one: --input line", "yellow")
        for line in _shown(source, result, recognizer.model_id, kind):
            click.echo(f"{name}\t{line}" if with_names and kind == "text" else line)
    if failed == len(sources):
        raise InputError(
            f"none of {failed} images could be read" if failed > 1 else "no image read"
        )
    if failed:
        raise PartialFailure(f"{failed} of {len(sources)} images could not be read")


def _sources(image: str) -> Iterator[PageImage | OcrError]:
    """The pages of the images that an argument names, or an error where there are none."""
    from ocr.preprocessing.pages import page_files, page_images

    if image == STDIN:
        yield _standard_input()
        return
    try:
        found = page_files(image)
    except OcrError as error:
        yield error
        return
    for path in found:
        try:
            yield from page_images(path)
        except ImageError as error:
            yield error


def _standard_input() -> PageImage:
    from ocr.preprocessing.image import load_image
    from ocr.preprocessing.pages import PageImage

    def load() -> Float32Array:
        try:
            data = standard_input()
        except OSError as error:
            reason = f"{STDIN} cannot be read: {error.strerror}"
            raise ImageError(reason, "name the image's file") from error
        return load_image(data)

    return PageImage(STDIN, Path(STDIN), 0, load)


def _results(
    recognizer: Recognizer | None,
    sources: Iterable[PageImage | OcrError],
    options: ReadingOptions,
) -> Iterator[tuple[PageImage | OcrError, Reading | OcrError]]:
    """Each source with what became of it, batch by batch."""
    for batch in _batches(sources, options):
        usable = [source for source in batch if not isinstance(source, OcrError)]
        read = iter(recognizer.read_many(usable, options) if recognizer else ())
        for source in batch:
            yield source, source if isinstance(source, OcrError) else next(read)


def _batches(
    sources: Iterable[PageImage | OcrError], options: ReadingOptions
) -> Iterator[list[PageImage | OcrError]]:
    """Lines together, which is quicker; what is as large as a page, and a further page of a file,
    ends its batch: its text is seen as soon as it is read."""
    batch: list[PageImage | OcrError] = []
    for source in sources:
        batch.append(source)
        if len(batch) == BATCH or (options.input != "line" and _is_large(source)):
            yield batch
            batch = []
    if batch:
        yield batch


def _is_large(source: PageImage | OcrError) -> bool:
    from ocr.preprocessing.image import image_size
    from ocr.preprocessing.kind import PAGE_SIDE
    from ocr.preprocessing.pdfpages import is_pdf

    if isinstance(source, OcrError) or not source.path.is_file():
        return False  # what comes through a pipe comes once
    try:
        further = bool(source.index) or is_pdf(source.path)
        return further or min(image_size(source.path)) >= PAGE_SIDE
    except ImageError:
        return False  # it is told when it is read


def _shown(image: PageImage, reading: Reading, model_id: str, kind: str) -> list[str]:
    """The lines to print: JSON is one, the text of a page has one per line."""
    from ocr.formats.jsonfile import json_text, line_values
    from ocr.formats.jsonpage import page_values
    from ocr.formats.text import one_line
    from ocr.types import Transcript

    if kind == "json":
        path = Path(place_of(image.path, image.index)) if image.index else image.path
        values = (
            line_values(path, reading, model_id)
            if isinstance(reading, Transcript)
            else {"path": str(path), **page_values(reading)}
        )
        return [json_text(values).rstrip("\n")]
    if isinstance(reading, Transcript):
        return [reading.text]
    return [one_line(transcript.text) for transcript in reading.transcripts]
