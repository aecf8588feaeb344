"""Pictures of pages with their lines, as ``ocr segment --overlay`` makes them."""

from __future__ import annotations

from pathlib import Path

OVERLAY_SUFFIX = ".lines.png"
MARK = ("Software", "carousel-ocr overlay")  # PNG's keyword for what made a picture, and us
HEAD = 256  # bytes: the mark stands before the pixels, after 33 of PNG's signature and header


def is_overlay(path: Path) -> bool:
    """Whether the file is such a picture, by its name and mark: no page, and easily drawn again."""
    if not path.name.endswith(OVERLAY_SUFFIX):
        return False
    try:
        with path.open("rb") as file:
            return "\0".join(MARK).encode() in file.read(HEAD)
    except OSError:  # what cannot be looked at is not ours
        return False
