"""Pictures of pages with their lines, as ``ocr segment --overlay`` makes them."""

from __future__ import annotations

from pathlib import Path

from ocr.files.marks import has_mark

OVERLAY_SUFFIX = ".lines.png"
MARK = ("Software", "carousel-ocr overlay")  # PNG's keyword for what made a picture, and us


def is_overlay(path: Path) -> bool:
    """Whether the file is such a picture, by its name and mark: no page, and easily drawn again."""
    # It stands before the pixels, after 33 bytes of PNG's signature and header.
    return path.name.endswith(OVERLAY_SUFFIX) and has_mark(path, "\0".join(MARK))
