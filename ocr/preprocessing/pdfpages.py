"""The pages of a PDF as pictures, rendered with PDFium (extra ``pdf``)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PIL import Image

from ocr.errors import ImageError, MissingExtraError
from ocr.files.names import printable
from ocr.preprocessing.image import MAX_PIXELS, reading

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

PDF_SUFFIX = ".pdf"
PDF_DPI = 300  # px per inch: the resolution at which archives scan text
POINTS_PER_INCH = 72  # ISO 32000-1, section 8.3.2.3
SCALE = PDF_DPI / POINTS_PER_INCH  # px per point

_PDFIUM = Lock()  # PDFium may be called by one thread at a time, whatever the document


def is_pdf(path: Path) -> bool:
    """Whether the file's name says that it is a PDF."""
    return path.suffix.lower() == PDF_SUFFIX


def pdf_page_count(path: Path) -> int:
    """How many pages a PDF has. Raises ImageError."""
    with _document(path) as document:
        if not len(document):
            raise ImageError(f"{printable(path)} has no pages", "print it anew")
        return len(document)


def pdf_picture(path: Path, index: int) -> Image.Image:
    """Page ``index`` of a PDF, from 0, in RGB at 300 dpi, or as many as an image may have pixels.
    Raises ImageError."""
    with _document(path) as document:
        page = _page(document, path, index)
        image: Image.Image = page.render(scale=_scale(page)).to_pil().convert("RGB")
    return image


def pdf_size(path: Path, index: int) -> tuple[int, int]:
    """(width, height) of that picture, which is not made. Raises ImageError."""
    with _document(path) as document:
        page = _page(document, path, index)
        scale = _scale(page)
        width, height = (math.ceil(scale * side) for side in page.get_size())  # as PDFium rounds
    return width, height


def _page(document: PdfDocument, path: Path, index: int) -> PdfPage:
    """Raises ImageError."""
    if index >= len(document):
        raise ImageError(f"{printable(path)} has no page {index + 1}", "check the number")
    page = document[index]
    width, height = page.get_size()
    if not width * height:
        what = f"page {index + 1} of {printable(path)} is {width:g} x {height:g} points"
        raise ImageError(what, "print it anew")
    return page


def _scale(page: PdfPage) -> float:
    """Pixels per point. A scan that does not tell its resolution makes a page of metres."""
    width, height = page.get_size()
    # The largest s with (s width + 1) (s height + 1) pixels at most, since both are rounded up.
    half, area = (width + height) / 2, width * height
    largest = (math.sqrt(half**2 + area * (MAX_PIXELS - 1)) - half) / area
    return float(min(SCALE, largest))


@contextmanager
def _document(path: Path) -> Iterator[PdfDocument]:
    name = printable(path)
    with reading(path):
        pass  # what the system says against it, PDFium does not
    try:
        import pypdfium2
    except ImportError as error:  # of this file alone: images beside it can be read
        missing = MissingExtraError("pypdfium2")
        raise ImageError(f"{name} is a PDF, and {missing.message}", missing.hint) from error
    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(path.absolute())  # a ~ is a name, and no home
            document.init_forms()  # or what was filled in is not drawn
        except OSError as error:
            reason = f"{name} cannot be opened: {error.strerror}"
            raise ImageError(reason, "check its name") from error
        except pypdfium2.PdfiumError as error:
            reason = f"{name} is no PDF that can be read ({error})"
            raise ImageError(reason, "print it anew") from error
        try:
            yield document
        except pypdfium2.PdfiumError as error:
            raise ImageError(f"{name} has a damaged page ({error})", "print it anew") from error
        finally:
            document.close()
