"""Names of files: suffixes, stems, and how a name is shown."""

from __future__ import annotations

import os
from pathlib import Path

IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    *(".jp2", ".j2k", ".jpx", ".avif", ".pbm", ".pgm", ".ppm", ".pnm"),
)
TIFF_SUFFIXES = (".tif", ".tiff")  # of several pages maybe
LIST_SUFFIXES = (".tsv", ".txt", ".lst")
PAGE_SUFFIXES = (".xml", ".hocr", ".json")
TEXT_SUFFIX = ".gt.txt"
RUN_SUFFIX = ".training"  # of the folder that a training keeps
VARIANTS = (".nrm", ".bin")
"""Second suffixes for the normalised (grey) and the bilevel image of a line, as ocropus and
kraken write them; where both lie beside one text, the grey one shows more."""


def passed_over(name: str) -> bool:
    """Whether what has this name in a folder is no input: the hidden, and folders of trainings."""
    return name.startswith(".") or name.endswith(RUN_SUFFIX)


def passed_over_below(folder: Path, path: Path) -> bool:
    """Whether the path, or a folder on the way to it from ``folder``, is passed over."""
    return any(map(passed_over, path.relative_to(folder).parts))


def image_stem(name: str) -> str | None:
    """The name without its image suffix, or None if it has none: ``a.b.PNG`` -> ``a.b``."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and dot + suffix.lower() in IMAGE_SUFFIXES else None


def line_stem(stem: str) -> str:
    """The stem without the image's variant: ``010001.bin`` -> ``010001``."""
    for variant in VARIANTS:
        if stem.endswith(variant):
            return stem.removesuffix(variant)
    return stem


def real_path(path: Path) -> Path:
    """The path without symbolic links. One of links that lead in a circle stays one: ``resolve``
    raises another error for it in every Python."""
    return Path(os.path.realpath(path))


def is_file(path: Path) -> bool:
    """Whether there is a file of that name that may be looked at, however long the name."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_unicode(text: str) -> bool:
    """Whether every character is a whole one, none an undecoded byte of a name or half a pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def printable(text: str | Path) -> str:
    """A path or reason for a one-line message: what is not printable (line breaks, bytes that
    are not UTF-8) is escaped, so that every terminal and log can show it."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def place_of(source: Path, index: int = 0) -> str:
    """How messages call a page of a file: ``scan.tif#page=3`` (as RFC 8118, section 3, has it)."""
    return printable(f"{source}{page_fragment(index)}")


def page_fragment(index: int) -> str:
    """What tells a further page of a file from its first: ``#page=3``."""
    return f"#page={index + 1}" if index else ""
