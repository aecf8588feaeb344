"""What a page file gives -> a page whose lines can be cropped, and a problem for every other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.references import referenced_image
from ocr.geometry import area
from ocr.types import Line, LoadedPage, Page, PageTranscript, Point, Problem, Transcript

Found = tuple[Line, Transcript] | Problem

LEAST_AREA = 1.0  # px^2: an outline around less holds no pixel
REDRAW = "draw its outline again, or delete the line"
NO_LINE = "draw the lines, or delete the text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page file that is read, and what its lines share: the image and its size in pixels."""

    path: Path
    image: Path
    index: int
    width: int
    height: int

    def line(
        self,
        name: str,
        region: str,
        outline: tuple[Sequence[Point], Sequence[Point]],
        transcript: Transcript,
    ) -> Found:
        """A line with its transcript; a problem where its outline (polygon, baseline) is none.

        Points beyond the page are moved to its edge.
        """
        polygon, baseline = (self._within(points) for points in outline)
        if len(polygon) < 3:
            return self.problem(name, f"its outline has {len(polygon)} points")
        if area(polygon) < LEAST_AREA:
            return self.problem(name, "its outline encloses nothing on the page")
        return Line(name, polygon, baseline, transcript.text or None, region), transcript

    def problem(self, name: str, reason: str, fix: str = REDRAW) -> Problem:
        """What keeps the line ``name`` out."""
        return Problem(printable(f"{self.path}#{name}"), reason, fix)

    def loaded(
        self, name: str, found: Iterable[Found], model_id: str = "", options: Any = None
    ) -> LoadedPage:
        """The page of that name with the lines that were found."""
        found = list(found)
        pairs = [pair for pair in found if not isinstance(pair, Problem)]
        lines = tuple(line for line, _ in pairs)
        page = Page(name, self.image, self.width, self.height, lines, self.index)
        transcripts = tuple(transcript for _, transcript in pairs)
        return LoadedPage(
            PageTranscript(page, transcripts, model_id, options or {}),
            tuple(problem for problem in found if isinstance(problem, Problem)),
        )

    def _within(self, points: Sequence[Point]) -> tuple[Point, ...]:
        width, height = float(self.width), float(self.height)
        return tuple((min(max(x, 0.0), width), min(max(y, 0.0), height)) for x, y in points)


def sheet_of(path: Path, image_name: str | None, width: float, height: float) -> Sheet:
    """The sheet of a page file that names its image so and gives that size in pixels. Raises
    PageFileError."""
    image, index = referenced_image(path, image_name)
    if not (1 <= width < float("inf") and 1 <= height < float("inf")):
        raise PageFileError(f"{printable(path)} gives no size of its page", "export it again")
    return Sheet(path, image, index, round(width), round(height))
