"""The pages of an image file: one of most, all of a TIFF, all of a PDF.

A page is known by its file and its index in the file, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from ocr.errors import UsageError
from ocr.files.names import TIFF_SUFFIXES, image_stem, printable
from ocr.files.overlays import is_overlay
from ocr.files.sources import expand
from ocr.preprocessing.image import decoding, image_size, load_image, open_image, reading
from ocr.preprocessing.pdfpages import is_pdf, pdf_page_count, pdf_picture, pdf_size
from ocr.types import Float32Array

TIFF_SUBFILE_TYPE, TIFF_REDUCED = 254, 1  # TIFF 6.0, section 8: bit 0 marks a thumbnail


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page of a file. ``load`` gives its ink, (H, W) float32, or raises ImageError.

    name  the file's stem; of several pages with the number, from 1: ``scan-0003``
    """

    name: str
    path: Path
    index: int
    load: Callable[[], Float32Array]


def page_files(source: str) -> list[Path]:
    """The images and PDFs that a path or pattern names; what else a pattern matches is left out,
    overlays of ``ocr segment`` too. Raises UsageError if it names none, InputError if the system
    does not let us look."""
    found = [
        path
        for path in expand(source)[1]
        if path == Path(source)  # named by itself, it is tried whatever it is
        or ((image_stem(path.name) is not None or is_pdf(path)) and not is_overlay(path))
    ]
    if not found:
        raise UsageError(f"{printable(source)} matches no image", "check the pattern")
    return found


def page_images(path: Path) -> Iterator[PageImage]:
    """Every page of an image file or PDF, in order; none is decoded before it is loaded.

    Raises ImageError for a file that cannot be read, and for a PDF without the extra ``pdf``.
    """
    indices = _indices(path)
    stem = image_stem(path.name) or path.stem
    for index in indices:
        name = stem if len(indices) == 1 else f"{stem}-{index + 1:04d}"
        yield PageImage(name, path, index, partial(load_page, path, index))


def load_page(path: Path, index: int = 0) -> Float32Array:
    """The ink of one page, (H, W) float32. Raises ImageError."""
    if not index and not is_pdf(path):
        return load_image(path)
    return load_image(picture(path, index), name=f"page {index + 1} of {printable(path)}")


def picture(path: Path, index: int = 0) -> Image.Image:
    """One page as a Pillow image, decoded and upright, in its own mode. Raises ImageError."""
    return pdf_picture(path, index) if is_pdf(path) else open_image(path, frame=index)


def page_size(path: Path, index: int = 0) -> tuple[int, int]:
    """(width, height) of one page in pixels, as it is loaded. Raises ImageError."""
    return pdf_size(path, index) if is_pdf(path) else image_size(path, index)


def _indices(path: Path) -> list[int]:
    """The indices of a file's pages; a TIFF's thumbnails are none, unless it has nothing else."""
    if is_pdf(path):
        return list(range(pdf_page_count(path)))
    if path.suffix.lower() not in TIFF_SUFFIXES:
        return [0]
    with reading(path) as stream, decoding(printable(path)):
        frames = ImageSequence.Iterator(Image.open(stream))
        return [index for index, frame in enumerate(frames) if _whole(frame)] or [0]


def _whole(frame: Any) -> bool:
    tags = getattr(frame, "tag_v2", {})  # none in what is called .tif and is another image
    return not tags.get(TIFF_SUBFILE_TYPE, 0) & TIFF_REDUCED
