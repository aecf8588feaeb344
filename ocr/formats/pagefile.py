"""A page file in any of the formats that can be read: opened, bounded, recognised, read."""

from __future__ import annotations

import re
from pathlib import Path

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats import READERS
from ocr.types import LoadedPage

MAX_BYTES = 64 * 2**20  # a page with a box around every character has some 5 MB
HEAD = 65_536  # bytes in which a file shows its format; long comments may come first
SIGNS = {
    "json": re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{"),
    "pagexml": re.compile(rb"<(?:[\w.-]+:)?PcGts[\s>]"),
    "alto": re.compile(rb"<(?:[\w.-]+:)?alto[\s>]"),
    "hocr": re.compile(rb"<html[\s>]", re.IGNORECASE),
}
"""Format -> what its files have near their beginning, tried in this order."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # XML may be in it
JSON_MARK = b"carousel-page"  # tells a page from what else is kept as JSON


def read_page(path: str | Path) -> LoadedPage:
    """The page of a PAGE, ALTO, hOCR or JSON file, told apart by what is in it.

    Raises PageFileError for a file that cannot be used as a whole, and ImageError where an ALTO
    file cannot be understood without its image; a line that cannot be used is a problem.
    """
    path = Path(path)
    data = _content(path, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PageFileError(
            f"{printable(path)} is larger than {MAX_BYTES:,} bytes", "split it into pages"
        )
    kind = _format_of(data[:HEAD])
    if kind is None:
        raise PageFileError(
            f"{printable(path)} is not a page in a known format",
            "known are PAGE, ALTO and hOCR in UTF-8, and the JSON of: ocr convert",
        )
    return READERS[kind](data, path)


def is_page(path: Path) -> bool:
    """Whether a file looks like a page in a known format. Raises PageFileError where nothing can
    be said, as it is empty or cannot be opened."""
    head = _content(path, HEAD)
    kind = _format_of(head)
    return kind is not None and (kind != "json" or JSON_MARK in head)


def _format_of(head: bytes) -> str | None:
    if head.startswith(UTF_16):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    return next((name for name, sign in SIGNS.items() if sign.search(head)), None)


def _content(path: Path, size: int) -> bytes:
    """The file's first ``size`` bytes."""
    name = printable(path)
    try:
        with path.open("rb") as file:
            data = file.read(size)
    except IsADirectoryError as error:
        raise PageFileError(f"{name} is a folder", f"name its files: '{name}/*.xml'") from error
    except OSError as error:
        raise PageFileError(f"{name} cannot be read: {error.strerror}", "check its name") from error
    if not data.strip():
        raise PageFileError(f"{name} is empty", "export it again")
    return data
