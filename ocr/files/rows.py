"""Rows of a list ``image<TAB>text``, read alike by whoever reads one."""

from __future__ import annotations

QUOTE = '"'


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end with a line feed, a carriage return or both.

    ``str.splitlines`` ends them at form feeds, U+0085 and U+2028 as well, which transcriptions
    may hold; that of bytes does not.
    """
    return [line.decode("utf-8") for line in text.encode("utf-8").splitlines()]


def fields_of(line: str) -> tuple[str, str, str]:
    """(image, TAB, text): what stands before the first TAB and after it; no TAB, no text."""
    image, tab, text = line.rstrip("\r\n").partition("\t")
    return _unquoted(image), tab, _unquoted(text)


def field(text: str) -> str:
    """A text as a field that ``fields_of`` and spreadsheets read back: one that begins with a
    quote would else go on for them until another ends it, rows further down."""
    return QUOTE + text.replace(QUOTE, 2 * QUOTE) + QUOTE if text.startswith(QUOTE) else text


def _unquoted(field: str) -> str:
    """The field without the quotes that a spreadsheet puts around it: those within are doubled.

    Only where it needed them, for a quote or a TAB within: a transcription may well stand in
    quotation marks, like ``"Yes"``.
    """
    inner = field[1:-1]
    if len(field) < 2 or not (field.startswith(QUOTE) and field.endswith(QUOTE)):
        return field
    if QUOTE in inner.replace(2 * QUOTE, "") or not (QUOTE in inner or "\t" in inner):
        return field
    return inner.replace(2 * QUOTE, QUOTE)
