"""Rows of a list ``image<TAB>text``, read alike by whoever reads one."""

from __future__ import annotations

from collections.abc import Iterable

QUOTE, COMMA = '"', ","


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end with a line feed, a carriage return or both.

    ``str.splitlines`` ends them at form feeds, U+0085 and U+2028 as well, which transcriptions
    may hold; that of bytes does not.
    """
    return [line.decode("utf-8") for line in text.encode("utf-8").splitlines()]


def fields_of(line: str, commas: bool = False) -> tuple[str, str, str]:
    """(image, TAB, text): what stands before the first TAB and after it; no TAB, no text.
    ``commas``: as ``quotes_commas`` says of the whole list."""
    image, tab, text = line.rstrip("\r\n").partition("\t")
    return _unquoted(image, commas), tab, _unquoted(text, commas)


def quotes_commas(lines: Iterable[str]) -> bool:
    """Whether a list is one of Excel's, which puts quotes around every field with a comma: two or
    more have one, and all of them stand in quotes."""
    fields = [field for line in lines for field in line.rstrip("\r\n").split("\t", 1)]
    quoted = [_is_quoted(field) for field in fields if COMMA in field]
    return len(quoted) > 1 and all(quoted)


def field(text: str, commas: bool = False) -> str:
    """A text as a field that ``fields_of`` and spreadsheets read back: one that begins with a
    quote would else go on for them until another ends it, rows further down. ``commas``: for a
    list that ``quotes_commas``."""
    needed = text.startswith(QUOTE) or (commas and COMMA in text)
    return QUOTE + text.replace(QUOTE, 2 * QUOTE) + QUOTE if needed else text


def _unquoted(field: str, commas: bool) -> str:
    """The field without the quotes that a spreadsheet puts around it: those within are doubled.

    Only where it needed them, for a quote or a TAB within, or with ``commas`` for one: a
    transcription may well stand in quotation marks, like ``"Yes"``.
    """
    inner = field[1:-1]
    needed = QUOTE in inner or "\t" in inner or (commas and COMMA in inner)
    if not (_is_quoted(field) and needed) or QUOTE in inner.replace(2 * QUOTE, ""):
        return field
    return inner.replace(2 * QUOTE, QUOTE)


def _is_quoted(field: str) -> bool:
    return len(field) > 1 and field.startswith(QUOTE) and field.endswith(QUOTE)
