"""``ocr segment``: pages -> their lines as PAGE XML, and a picture to look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.command import make_command
from ocr.cli.failures import complain
from ocr.errors import (
    ImageError,
    InputError,
    OcrError,
    OutputError,
    PageFileError,
    PartialFailure,
    UsageError,
)
from ocr.files.names import printable
from ocr.files.overlays import OVERLAY_SUFFIX, is_overlay

if TYPE_CHECKING:
    from ocr.preprocessing.pages import PageImage

EXAMPLES = """\
ocr segment page.jpg                     writes page.page.xml beside it
ocr segment page.jpg --overlay           and page.lines.png, to see how well the lines were found
ocr segment 'scans/*.tif'                many pages; every page of a TIFF or PDF"""
REPLACE = "replace it with --overwrite, or write to another folder with -o"
XML_SUFFIX = ".page.xml"


@make_command("segment", EXAMPLES)
@click.argument("pages", metavar="PAGE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Folder to write to.  [default: beside each PAGE]",
)
@click.option("--overlay", is_flag=True, help="Draw the lines over the page as well, in a PNG.")
@click.option("--overwrite", is_flag=True, help="Replace transcribed XML and other pictures too.")
def command(pages: tuple[str, ...], output: Path | None, overlay: bool, overwrite: bool) -> None:
    """Find the lines of each PAGE, an image or a PDF, and write them as PAGE XML.

    The lines have outlines and baselines and stand in the order of reading; open them in
    eScriptorium or Transkribus, or train on them when they are transcribed. The XML names the
    page's image without its folder: keep the two together.

    An older XML is replaced, but not one with transcribed text or other lines, or that another
    program has saved; and an older picture of the lines, but not another picture of that name. Such
    a page fails and keeps its files, unless --overwrite is given.

    Exit code: 0 all written, 2 a PAGE is not there and nothing was done, 3 some pages failed,
    4 all did, 6 nothing can be written there.
    """
    from ocr.cli.display import counted, progress_bar

    images, failed = _images(_files(pages))
    _check_names(images, output)
    done = 0
    with progress_bar("segmenting", "pages") as move:
        for number, image in enumerate(images):
            move(number, len(images))
            try:
                folder = output or image.path.parent
                if not overwrite:
                    _keep(folder, image.name, overlay)
                click.echo(_write(image, folder, overlay))
                done += 1
            except OutputError:
                raise
            except OcrError as error:
                complain(str(error))
                failed += 1
            except Exception as error:  # whatever a page breaks, it costs only itself
                complain(f"{printable(image.path)}: {type(error).__name__}: {error}")
                failed += 1
    if not done:
        raise InputError("no page was segmented")
    if failed:
        raise PartialFailure(f"{counted(failed, 'page')} of {done + failed} could not be segmented")


def _files(pages: Sequence[str]) -> list[Path]:
    """The images and PDFs that the arguments name, each once."""
    from ocr.preprocessing.pages import page_files

    return list(dict.fromkeys(file for page in pages for file in page_files(page)))


def _images(files: Sequence[Path]) -> tuple[list[PageImage], int]:
    """The pages of the files, and how many files cannot be read."""
    from ocr.preprocessing.pages import page_images

    images: list[PageImage] = []
    failed = 0
    for file in files:
        try:
            images += page_images(file)
        except ImageError as error:
            complain(str(error))
            failed += 1
    return images, failed


def _check_names(images: Sequence[PageImage], output: Path | None) -> None:
    """Raise UsageError where two pages would become one file."""
    owners: dict[Path, Path] = {}
    for image in images:
        target = (output or image.path.parent) / (image.name + XML_SUFFIX)
        if target in owners:
            raise UsageError(
                f"{printable(owners[target])} and {printable(image.path)} would both become "
                f"{printable(target)}",
                "rename one, or segment them into different folders",
            )
        owners[target] = image.path


def _keep(folder: Path, name: str, overlay: bool) -> None:
    """Raise PageFileError or ImageError where a page's files would replace somebody's work."""
    from ocr.formats.found import work_in

    xml, picture = folder / (name + XML_SUFFIX), folder / (name + OVERLAY_SUFFIX)
    if xml.is_file():
        try:
            done = work_in(xml.read_bytes(), xml)
        except (PageFileError, OSError) as error:
            what = f"{printable(xml)} exists already and is no PAGE XML that can be read"
            raise PageFileError(what, REPLACE) from error
        if done:
            raise PageFileError(f"{printable(xml)} {done}", REPLACE)
    if overlay and picture.is_file() and not is_overlay(picture):
        raise ImageError(f"{printable(picture)} exists already and is another picture", REPLACE)


def _write(image: PageImage, folder: Path, overlay: bool) -> str:
    from ocr.cli.display import counted
    from ocr.files.atomic import write_atomically
    from ocr.formats.found import write_found
    from ocr.preprocessing.overlay import overlay as drawn
    from ocr.preprocessing.segment import page_of

    ink = image.load()
    page = page_of(ink, image.path, image.index)
    target = folder / (image.name + XML_SUFFIX)
    write_atomically(target, write_found(page))
    if overlay:
        write_atomically(folder / (image.name + OVERLAY_SUFFIX), drawn(ink, page.lines))
    return f"{printable(target)}: {counted(len(page.lines), 'line')}"
