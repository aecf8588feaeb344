"""Marks by which the program knows the files that it made, and may replace."""

from __future__ import annotations

from pathlib import Path

HEAD = 256  # bytes within which a mark stands


def has_mark(path: Path, mark: str) -> bool:
    """Whether the file has the mark near its beginning; what cannot be looked at is not ours."""
    try:
        with path.open("rb") as file:
            return mark.encode() in file.read(HEAD)
    except OSError:
        return False
