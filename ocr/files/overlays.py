"""Pictures of pages with their lines, as ``ocr segment --overlay`` makes them."""

from __future__ import annotations

import re
from pathlib import Path

from ocr.files.names import IMAGE_SUFFIXES

OVERLAY_SUFFIX = ".lines.png"
SOURCE_SUFFIXES = (*IMAGE_SUFFIXES, ".pdf")
PAGE_NUMBER = re.compile(r"-\d{4,}$")  # of a TIFF or a PDF of several pages


def is_overlay(path: Path) -> bool:
    """Whether the file is the picture of a page that lies beside it, and so no page itself."""
    stem = path.name.removesuffix(OVERLAY_SUFFIX)
    if stem == path.name:
        return False
    return any(
        path.with_name(page + ending).is_file()
        for page in dict.fromkeys((stem, PAGE_NUMBER.sub("", stem)))
        if page
        for suffix in SOURCE_SUFFIXES
        for ending in (suffix, suffix.upper())
    )
