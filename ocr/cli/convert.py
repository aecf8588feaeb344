"""``ocr convert``: pages from one format to others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ocr.cli.command import formats_option, make_command
from ocr.cli.failures import complain
from ocr.cli.inputs import require_room
from ocr.errors import ImageError, InputError, OcrError, OutputError, PartialFailure, UsageError
from ocr.files.names import printable

EXAMPLES = """\
ocr convert page.xml -o page.hocr                     PAGE or ALTO to hOCR
ocr convert page.xml -o page.alto.xml                 to XML: the name says which, .page.xml or this
ocr convert page.xml -o new.xml --format alto         or the option does
ocr convert page.xml -o page.pdf                      a PDF to search in; needs the page's image
ocr convert 'pages/*.xml' -o out/ --format txt,alto   many pages, several formats"""


@dataclass(frozen=True)
class Conversion:
    """One page file and what is made of it: (format, file)."""

    source: Path
    targets: tuple[tuple[str, Path], ...]


@make_command("convert", EXAMPLES)
@click.argument("pages", metavar="IN...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    required=True,
    help="File to write; with several IN, a pattern or several formats, the folder to write to.",
)
@formats_option()
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def command(pages: tuple[str, ...], output: str, formats: str | None, overwrite: bool) -> None:
    """Convert pages in PAGE XML, ALTO, hOCR or JSON to these, to plain text, to a table, or to a
    PDF in which the scan's text can be searched.

    Lines, baselines, words, confidences and alternatives come along as far as a format has them;
    JSON has all. Formats name the page's image without its folder: keep the two together. A line
    that cannot be used is named on standard error and left out. A page one of whose files exists
    already is not converted, unless --overwrite is given.

    Exit code: 0 all converted, 3 some pages or lines were not, 4 no page was.
    """
    from ocr.cli.display import counted

    conversions = _plan(pages, output, formats)
    failed = lost = 0
    for conversion in _progressing(conversions):
        try:
            if not overwrite:
                for _, target in conversion.targets:
                    require_room(target)
            lost += _convert(conversion)
        except OutputError:
            raise
        except ImageError as error:
            complain(f"{printable(conversion.source)}: {error}")
            failed += 1
        except OcrError as error:
            complain(str(error))
            failed += 1
        except Exception as error:  # whatever a page breaks, it costs only itself
            complain(f"{printable(conversion.source)}: {type(error).__name__}: {error}")
            failed += 1
    if failed == len(conversions):
        raise InputError("no page was converted")
    if failed or lost:
        parts = [counted(failed, "page")] * bool(failed) + [counted(lost, "line")] * bool(lost)
        raise PartialFailure(f"{' and '.join(parts)} could not be converted")


def _plan(pages: Sequence[str], out: str, formats: str | None) -> list[Conversion]:
    """What is to be done. Raises UsageError before any work where an output is not clear."""
    from ocr.files.sources import expand
    from ocr.formats.naming import format_of, listed_formats, output_name

    sources = list(dict.fromkeys(path for page in pages for path in expand(page)[1]))
    kinds = listed_formats(formats) if formats is not None else []
    output = Path(out)
    to_folder = output.is_dir() or out.endswith(("/", os.sep))
    by_name = [Path(page) for page in pages]
    if len(sources) == 1 and sources == by_name and len(kinds) < 2 and not to_folder:
        kind = formats or format_of(output.name)
        if kind is None:
            raise UsageError(
                f"{printable(output)} does not say which format it is",
                "name it .page.xml, .alto.xml, .hocr ..., or give --format",
            )
        (kind,) = listed_formats(kind)
        return _checked([Conversion(sources[0], ((kind, output),))])
    if not kinds:
        if to_folder:
            raise UsageError(f"{printable(output)} is a folder to write to", "give --format")
        raise UsageError(
            f"{printable(output)} cannot hold several pages", "give -o a folder, and --format"
        )
    conversions = []
    for source in sources:
        targets = ((kind, output / output_name(source.name, kind)) for kind in kinds)
        conversions.append(Conversion(source, tuple(targets)))
    return _checked(conversions)


def _checked(conversions: list[Conversion]) -> list[Conversion]:
    """The same, if no file is written twice or is read as well."""
    taken = {conversion.source.resolve() for conversion in conversions}
    for conversion in conversions:
        for _, target in conversion.targets:
            if target.resolve() in taken:
                raise UsageError(
                    f"{printable(target)}, made from {printable(conversion.source)}, is another "
                    "input or output too",
                    "choose another -o",
                )
            taken.add(target.resolve())
    return conversions


def _progressing(conversions: Sequence[Conversion]) -> Iterator[Conversion]:
    from ocr.cli.display import progress_bar

    with progress_bar("converting", "pages") as move:
        for number, conversion in enumerate(conversions):
            move(number, len(conversions))
            yield conversion


def _convert(conversion: Conversion) -> int:
    """Write one page's files; how many of its lines are not in them. A page that cannot be
    written in every format is written in none."""
    from ocr.files.atomic import write_atomically
    from ocr.formats import WRITERS
    from ocr.formats.pagefile import read_page

    page = read_page(conversion.source)
    scan = page.transcript.page.image
    for _, target in conversion.targets:
        if target.exists() and scan.exists() and target.samefile(scan):
            raise UsageError(
                f"{printable(target)} is the scan of {printable(conversion.source)}",
                "choose another -o",
            )
    contents = [(WRITERS[kind](page.transcript), target) for kind, target in conversion.targets]
    for content, target in contents:
        write_atomically(target, content)
    for problem in page.problems:
        complain(f"{problem.id}: {problem.reason}; {problem.fix}")
    return len(page.problems)
