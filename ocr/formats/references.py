"""The image that a page file names: where it is, and which page of it is meant.

``scan.tif#page=3`` is the third page (RFC 8118, section 3, for PDF; here for TIFF too). The image
must lie in the folder of the page file or below it, also after symbolic links.
"""

from __future__ import annotations

import re
from pathlib import Path

from ocr.errors import PageFileError
from ocr.files.names import (
    IMAGE_SUFFIXES,
    TIFF_SUFFIXES,
    is_file,
    page_fragment,
    printable,
    real_path,
)
from ocr.types import Page

PAGE_FRAGMENT = re.compile(r"#page=(\d{1,6})$")
DRIVE = re.compile(r"[A-Za-z]:")
KINDS = (".page", ".alto")  # what may stand before .xml
SEPARATORS = re.compile(r"[/\\]")  # Windows' too: files travel


def reference(page: Page) -> str:
    """How a page file beside its image names it: ``scan.png``, ``scan.tif#page=3``."""
    return page.image.name + page_fragment(page.index)


def referenced_image(file: Path, name: str | None) -> tuple[Path, int]:
    """(image, index of the page in it) that the page file ``file`` means by ``name``.

    An image of that name need not be there, but if it is not and one with the page file's own
    stem lies beside, that one is meant: exports often rename only one of the two. The same holds
    for a file that names none. Of a name that leads out of the file's folder, as on the computer
    where it was made, the last part counts. Raises PageFileError if no such image lies beside.
    """
    name = name or file.with_suffix(IMAGE_SUFFIXES[0]).name
    fragment = PAGE_FRAGMENT.search(name)
    index = max(0, int(fragment[1]) - 1) if fragment else 0
    name = name[: fragment.start()] if fragment else name
    parts = SEPARATORS.split(name)
    if "\0" in name:
        raise missing_image(file, name)
    image = file.parent.joinpath(*parts)
    leads_out = "" in parts or DRIVE.match(name) or not _within(image, file)
    if leads_out:
        image = file.parent / parts[-1]
    if not is_file(image):
        beside = namesake(file)
        if leads_out and beside is None:
            raise missing_image(file, name)
        if beside and beside.suffix.lower() not in TIFF_SUFFIXES:  # a page that was taken out
            index = 0
        image = beside or image
    if not _within(image, file):  # a link
        raise missing_image(file, name)
    return image, index


def _within(image: Path, file: Path) -> bool:
    """Whether the image lies in the folder of the page file or below it."""
    return real_path(image).is_relative_to(real_path(file.parent))


def namesake(file: Path) -> Path | None:
    """The image that is named like the page file: ``x.png`` for ``x.xml`` and ``x.page.xml``."""
    stem = file.stem
    stems = dict.fromkeys((stem, *(stem.removesuffix(kind) for kind in KINDS)))
    suffixes = [either for suffix in IMAGE_SUFFIXES for either in (suffix, suffix.upper())]
    places = (file.with_name(name + suffix) for name in stems if name for suffix in suffixes)
    return next((place for place in places if is_file(place)), None)


def missing_image(file: Path, name: str) -> PageFileError:
    """The error of a page file whose image is not there."""
    return PageFileError(
        f"{printable(file)} names the image {printable(name)!r}, which is not in its folder",
        "put the image beside it and name it without folders",
    )
