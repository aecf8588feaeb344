"""One page of a batch: where it comes from and what its outputs are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.files.names import PAGE_SUFFIXES, place_of
from ocr.preprocessing.pdfpages import is_pdf


@dataclass(frozen=True, slots=True)
class Job:
    """One page to read.

    name    of its outputs below OUT, without their suffixes, with ``/``: ``letters/0001``
    source  an image, or the file (PAGE, ALTO, ...) that gives the page's lines
    index   which page of the image file, from 0
    image   the image that the page file names, where it could be read
    """

    name: str
    source: Path
    index: int = 0
    image: Path | None = None

    @property
    def has_lines(self) -> bool:
        """Whether the source gives the page's lines."""
        return self.source.suffix.lower() in PAGE_SUFFIXES

    @property
    def in_company(self) -> bool:
        """Whether it is an image that goes through the network together with others."""
        return not (self.has_lines or self.index or is_pdf(self.source))

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every file that the result depends on."""
        return (self.source, self.image) if self.image else (self.source,)

    @property
    def place(self) -> str:
        """How messages call the page."""
        return place_of(self.source, 0 if self.has_lines else self.index)

    def to_dict(self) -> dict[str, Any]:
        """As values of JSON."""
        image = str(self.image) if self.image else None
        return {"name": self.name, "source": str(self.source), "index": self.index, "image": image}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Job:
        """What ``to_dict`` gave."""
        image = Path(values["image"]) if values["image"] else None
        return Job(values["name"], Path(values["source"]), values["index"], image)
