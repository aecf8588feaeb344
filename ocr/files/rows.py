"""Rows of a list ``image<TAB>text``, read alike by whoever reads one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

QUOTE, COMMA = '"', ","


class Quotes(Enum):
    """Which fields of a list stand in quotes."""

    NEEDED = "those with a quote or a TAB within"
    COMMAS = "those with a comma, too"  # as Excel does
    ALL = "all of them"  # as LibreOffice does if asked


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end with a line feed, a carriage return or both.

    ``str.splitlines`` ends them at form feeds, U+0085 and U+2028 as well, which transcriptions
    may hold; that of bytes does not.
    """
    return [line.decode("utf-8") for line in text.encode("utf-8").splitlines()]


def fields_of(line: str, quotes: Quotes = Quotes.NEEDED) -> tuple[str, str, str]:
    """(image, TAB, text): what stands before the first TAB and after it; no TAB, no text.
    ``quotes``: of the whole list, as ``quotes_of`` says."""
    image, tab, text = _split(line)
    return _unquoted(image, quotes), tab, _unquoted(text, quotes)


def quotes_of(lines: Iterable[str]) -> Quotes:
    """Which fields of a list stand in quotes: all, if the images do in every row, for none is
    called so, and not for their commas; those with commas, if two or more have one and all of
    them do."""
    rows = [_split(line) for line in lines if line.strip()]
    images = [image for image, tab, _ in rows if tab]
    if all(map(_is_quoted, images)) and any(COMMA not in image for image in images):
        return Quotes.ALL
    fields = (field for image, _, text in rows for field in (image, text))
    quoted = [_is_quoted(field) for field in fields if COMMA in field]
    return Quotes.COMMAS if len(quoted) > 1 and all(quoted) else Quotes.NEEDED


def field(text: str, quotes: Quotes = Quotes.NEEDED) -> str:
    """A text as a field that ``fields_of`` and spreadsheets read back: one that begins with a
    quote would else go on for them until another ends it, rows further down. ``quotes``: of the
    list that it becomes a part of."""
    needed = text.startswith(QUOTE) or _needs(quotes, text)
    return QUOTE + text.replace(QUOTE, 2 * QUOTE) + QUOTE if needed else text


def _split(line: str) -> tuple[str, str, str]:
    """A spreadsheet ends the row with a TAB where another has a third cell."""
    image, tab, text = line.rstrip("\r\n").partition("\t")
    return image, tab, text.rstrip("\t")


def _unquoted(field: str, quotes: Quotes) -> str:
    """The field without the quotes that a spreadsheet puts around it: those within are doubled.

    Only where it needed them, for a quote or a TAB within, or as ``quotes`` says: a transcription
    may well stand in quotation marks, like ``"Yes"``.
    """
    inner = field[1:-1]
    needed = QUOTE in inner or "\t" in inner or _needs(quotes, inner)
    if not (_is_quoted(field) and needed) or QUOTE in inner.replace(2 * QUOTE, ""):
        return field
    return inner.replace(2 * QUOTE, QUOTE)


def _needs(quotes: Quotes, text: str) -> bool:
    return quotes is Quotes.ALL or (quotes is Quotes.COMMAS and COMMA in text)


def _is_quoted(field: str) -> bool:
    return len(field) > 1 and field.startswith(QUOTE) and field.endswith(QUOTE)
