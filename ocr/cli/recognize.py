"""``ocr recognize``: images of lines or pages -> text on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import command as make_command
from ocr.cli.command import format_option, model_option
from ocr.cli.failures import complain
from ocr.cli.options import options_from
from ocr.errors import ImageError, InputError, OcrError, PartialFailure, UsageError
from ocr.files.names import printable
from ocr.options import DecodingOptions, ReadingOptions

if TYPE_CHECKING:
    from ocr.recognition import Recognizer
    from ocr.types import PageTranscript, Transcript

    Reading = Transcript | PageTranscript

BATCH = 32  # images read before their text is printed
STDIN = "-"

EXAMPLES = """\
ocr recognize line.png                          one line of text
ocr recognize page.jpg                          the lines of a page, in the order of reading
ocr recognize 'lines/*.png' --with-names        a pattern; each line after its image's name
ocr recognize line.png --format json            confidence and a box per character
ocr recognize line.png --lm latin               with knowledge of the language
ocr recognize line.png --format json --alternatives 4
ocr recognize - < line.png                      the image from standard input"""


@make_command("recognize", EXAMPLES)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@model_option
@format_option("text", "json")
@click.option("--with-names", is_flag=True, help="Begin each line with the image's name and a TAB.")
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

    An image that cannot be read is named on standard error and has no line in the output;
    --with-names shows which is which. For whole folders see: ocr transcribe.

    Exit code: 0 all read, 3 some failed, 4 none could be used.
    """
    from ocr.recognition import load_model

    names = list(_names(images))
    usable = not all(isinstance(name, OcrError) for name in names)
    recognizer = load_model(model, decoding) if usable else None
    failed = 0
    for name, result in _results(recognizer, names, options):
        if isinstance(result, OcrError):
            failed += 1
            complain(str(result))
            continue
        assert recognizer is not None
        for line in _shown(name, result, recognizer.model_id, kind):
            click.echo(f"{printable(name)}\t{line}" if with_names and kind == "text" else line)
    if failed == len(names):
        raise InputError(
            f"none of {failed} images could be read" if failed > 1 else "no image read"
        )
    if failed:
        raise PartialFailure(f"{failed} of {len(names)} images could not be read")


def _names(images: Iterable[str]) -> Iterator[str | OcrError]:
    """The images that the arguments name, patterns expanded; an error for one without any."""
    from ocr.files.names import image_stem
    from ocr.files.sources import expand

    for image in images:
        if image == STDIN or Path(image).exists():
            yield image
            continue
        try:
            _, paths = expand(image)
        except UsageError as error:
            yield error
            continue
        found = [str(path) for path in paths if image_stem(path.name) is not None]
        yield from found
        if not found:
            yield UsageError(f"{image} matches no image", "check the pattern")


def _results(
    recognizer: Recognizer | None, names: Iterable[str | OcrError], options: ReadingOptions
) -> Iterator[tuple[str, Reading | OcrError]]:
    """Each name with what became of it, batch by batch."""
    rest = iter(names)
    while batch := list(islice(rest, BATCH)):
        usable = [name for name in batch if isinstance(name, str)]
        read = iter(_read(recognizer, usable, options) if recognizer else ())
        for name in batch:
            yield ("", name) if isinstance(name, OcrError) else (name, next(read))


def _read(
    recognizer: Recognizer, names: list[str], options: ReadingOptions
) -> list[Reading | ImageError]:
    sources = [sys.stdin.buffer.read() if name == STDIN else Path(name) for name in names]
    return recognizer.read_many(sources, options)


def _shown(name: str, reading: Reading, model_id: str, kind: str) -> list[str]:
    """The lines to print: JSON is one, the text of a page has one per line."""
    from ocr.formats.jsonfile import line_values
    from ocr.formats.jsonpage import write_json
    from ocr.formats.text import one_line
    from ocr.types import Transcript

    if isinstance(reading, Transcript):
        values = line_values(Path(name), reading, model_id)
        return [json.dumps(values, ensure_ascii=False) if kind == "json" else reading.text]
    if kind == "json":
        return [write_json(reading).rstrip("\n")]
    return [one_line(transcript.text) for transcript in reading.transcripts]
