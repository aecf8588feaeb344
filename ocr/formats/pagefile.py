"""A page file in any of the formats that can be read: opened, bounded, recognised, read."""

from __future__ import annotations

import re
from pathlib import Path

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.alto import read_alto
from ocr.formats.hocrread import read_hocr
from ocr.formats.jsonpage import read_json
from ocr.formats.pagexml import read_pagexml
from ocr.formats.xmlfile import local_name, parse_xml
from ocr.types import LoadedPage

MAX_BYTES = 64 * 2**20  # a page with a box around every character has some 5 MB
HEAD = 4096  # bytes in which an HTML file shows that it is one
HTML = re.compile(rb"<html[\s>]", re.IGNORECASE)
XML_READERS = {"PcGts": read_pagexml, "alto": read_alto}
"""Root element -> what reads the file."""


def read_page(path: Path) -> LoadedPage:
    """The page of a PAGE, ALTO, hOCR or JSON file, told apart by what is in it.

    Raises PageFileError for a file that cannot be used as a whole; a line that cannot be used is
    among the problems.
    """
    data = _content(path)
    if data.lstrip()[:1] == b"{":
        return read_json(data, path)
    if HTML.search(data[:HEAD]):
        return read_hocr(data, path)
    root = parse_xml(data, path)
    reader = XML_READERS.get(local_name(root))
    if reader is None:
        raise PageFileError(
            f"{printable(path)} is XML with the root {printable(local_name(root))!r}, no page",
            "known are PAGE (PcGts), ALTO (alto) and hOCR (html)",
        )
    return reader(root, path)


def _content(path: Path) -> bytes:
    name = printable(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PageFileError(f"{name} cannot be read: {error.strerror}", "check its name") from error
    if len(data) > MAX_BYTES:
        raise PageFileError(f"{name} is larger than {MAX_BYTES:,} bytes", "split it into pages")
    if not data.strip():
        raise PageFileError(f"{name} is empty", "export it again")
    return data
