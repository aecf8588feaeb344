"""The transcribed lines of a page file: PAGE, ALTO, hOCR or JSON, with the page's image."""

from __future__ import annotations

from pathlib import Path

from ocr.alphabet import normalize_text
from ocr.errors import ImageError
from ocr.files.names import printable
from ocr.formats.pagefile import read_page
from ocr.preprocessing.lines import check_size
from ocr.training.data.folders import Entry
from ocr.types import Line, Page, Problem


def read_page_lines(path: Path) -> list[Entry | Problem]:
    """An entry or a problem for every line of the page. Raises PageFileError."""
    loaded = read_page(path)
    page = loaded.transcript.page
    try:
        check_size(page)
    except ImageError as error:
        return [Problem(printable(path), error.message, error.hint)]
    found = [*(_entry(path, page, line) for line in page.lines), *loaded.problems]
    return found or [Problem(printable(path), "the page has no lines", "draw and transcribe them")]


def _entry(path: Path, page: Page, line: Line) -> Entry | Problem:
    origin = printable(f"{path}#{line.id}")
    text = normalize_text(line.text or "")
    if not text:
        return Problem(origin, "it has no transcription", "write it, or delete the line")
    place = f"{page.image.name} {page.index} {line.polygon}"  # the same crop is the same line
    return Entry(
        origin, page.image, (str(page.image.parent.resolve()), place), text, line, page.index
    )
