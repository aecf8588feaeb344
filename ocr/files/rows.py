"""Rows of a list ``image<TAB>text``, read alike by whoever reads one."""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end with a line feed, a carriage return or both.

    ``str.splitlines`` ends them at form feeds, U+0085 and U+2028 as well, which transcriptions
    may hold; that of bytes does not.
    """
    return [line.decode("utf-8") for line in text.encode("utf-8").splitlines()]
