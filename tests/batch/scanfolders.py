"""Folders of small images, and what stands in a folder of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ocr.formats import WRITERS
from ocr.types import Line, Outcome, Page, PageTranscript, Transcript

WIDTH, HEIGHT = 60, 40  # px


def grow(folder: Path, *names: str) -> Path:
    """The folder with a small image of each name; what is called bad has a few bytes."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in Image.registered_extensions() and "bad" not in path.name:
            Image.new("L", (WIDTH, HEIGHT), 255).save(path)
        else:
            path.write_bytes(b"bytes")
    return folder


def tiff(path: Path, pages: int) -> Path:
    """A TIFF whose pages are 60, 61, 62, ... pixels wide."""
    first, *others = [Image.new("L", (WIDTH + number, HEIGHT), 255) for number in range(pages)]
    first.save(path, save_all=True, append_images=others)
    return path


def page_of(image: Path, *lines: str, index: int = 0) -> PageTranscript:
    """A page of that image whose lines have these ids."""
    box = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0))
    numbered = tuple(Line(name, box, (), None, "r") for name in lines)
    page = Page(image.stem, image, WIDTH + index, HEIGHT, numbered, index)
    return PageTranscript(page, tuple(Transcript("", 1.0) for _ in lines), "")


def put(path: Path, page: PageTranscript, kind: str = "pagexml") -> Path:
    """Write the page's file."""
    content = WRITERS[kind](page)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tree(folder: Path) -> dict[str, str]:
    """Path -> content of every file below a folder, the ledger left out."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for path in files
        if ".carousel" not in path.parts
    }


def statuses(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Name of the input -> what became of it."""
    return {outcome.source.name: outcome.status for outcome in outcomes}
