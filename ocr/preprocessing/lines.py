"""Lines whose place on a page is known -> their images: one cut for training and for use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ocr.errors import ImageError
from ocr.files.names import printable
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import load_image
from ocr.preprocessing.pages import load_page, page_size
from ocr.types import Float32Array, Page, Sample


class LineImages:
    """The images of samples' lines. The page opened last is kept, since most lines follow
    another of their page. Not for several threads at once."""

    def __init__(self) -> None:
        self._place: tuple[Path, int] | None = None
        self._page: Float32Array

    def load(self, sample: Sample) -> Float32Array:
        """The line of a sample, (H, W) float32 ink. Raises ImageError."""
        if sample.line is None:
            return load_image(sample.image)
        place = sample.image, sample.index
        if place != self._place:
            self._place = None
            self._page = load_page(*place)
            self._place = place
        return crop_line(self._page, sample.line)


def page_lines(page: Page) -> Iterator[Float32Array]:
    """The image of every line of a page, in order, (H, W) float32 ink.

    Raises ImageError, also for what ``check_size`` refuses.
    """
    check_size(page)
    ink = load_page(page.image, page.index)
    for line in page.lines:
        yield crop_line(ink, line)


def check_size(page: Page) -> None:
    """Raise ImageError unless the page's image is there, in the size that the coordinates of its
    lines count in."""
    width, height = page_size(page.image, page.index)
    if (width, height) != (page.width, page.height):
        raise ImageError(
            f"{printable(page.image)} has {width} x {height} pixels, but its lines are given for "
            f"{page.width} x {page.height}",
            "use the image that they were drawn on",
        )
