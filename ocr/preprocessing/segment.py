"""Page image -> lines: their outlines and baselines, in reading order.

    ink --working_copy--> level copy of one text height, writing alone
        --find_lines--> middles of lines --cut--> their spans --polygon_of, baseline_of--> Line
        --reading_order--> blocks

For writing from left to right whose lines are roughly level: 8 degrees of slope are put right,
pages that lie on their side are not. Measured by ``scripts/bench/segment.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ocr.files.names import image_stem
from ocr.geometry import area, bounds
from ocr.preprocessing.segmentation.lines import find_lines
from ocr.preprocessing.segmentation.order import reading_order
from ocr.preprocessing.segmentation.outline import baseline_of, polygon_of
from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.preprocessing.segmentation.seams import Span, cut
from ocr.preprocessing.segmentation.workingcopy import WorkingCopy, working_copy
from ocr.types import Float32Array, Line, Page

END = 0.4  # text heights by which slanted letters reach beyond the middle's ends
SEEN = 8  # px: every so many-th row and column tell how dark a page is
NEGATIVE = 0.5  # ink of the middle pixel from which a page may be white on black
LEAST_AREA = 1.0  # px^2 of the page: less holds no pixel


def segment(ink: Float32Array) -> tuple[Line, ...]:
    """The lines of a page in reading order; none where nothing is written.

    ink  (H, W) float32, paper 0, ink 1, any size from 1 x 1; or the other way round, as of a
         microfilm's negative
    Ids are l1, l2, ...; regions, the blocks of lines, r1, r2, ... Points lie on the page, and no
    outline crosses itself.
    """
    lines = _found(ink)
    if np.median(ink[::SEEN, ::SEEN]) <= NEGATIVE:
        return lines
    return max(lines, _found(1 - ink), key=_extent)


def _extent(lines: Iterable[Line]) -> float:
    """How wide they are together, px: of what is no writing there may be more lines, but short."""
    boxes = (bounds(line.polygon) for line in lines)
    return sum(right - left for left, _, right, _ in boxes)


def _found(ink: Float32Array) -> tuple[Line, ...]:
    copy = working_copy(ink)
    if copy is None:
        return ()
    width = copy.soft.shape[1]
    middles = [_lengthened(line, width) for line in find_lines(copy)]
    spans = cut(middles, copy.soft)
    return tuple(_lines(copy, middles, spans))


def page_of(ink: Float32Array, path: Path, index: int = 0) -> Page:
    """The page whose ink, (H, W) float32, was loaded from page ``index`` of ``path``."""
    height, width = ink.shape
    name = image_stem(path.name) or path.stem
    return Page(name, path, width, height, segment(ink), index)


def _lengthened(line: Ridge, width: int) -> Ridge:
    before = min(line.left, round(END * line.body))
    after = min(width - line.right, round(END * line.body))
    rows = np.pad(line.rows, (before, after), mode="edge")
    return Ridge(line.left - before, rows, np.pad(line.strength, (before, after)), line.body)


def _lines(copy: WorkingCopy, middles: list[Ridge], spans: list[Span]) -> Iterator[Line]:
    number = 0
    for block, indices in enumerate(reading_order(middles, copy.soft.shape[1]), start=1):
        for index in indices:
            span, body = spans[index], middles[index].body
            polygon = copy.to_page(polygon_of(span, body, copy.soft))
            if area(polygon) < LEAST_AREA:
                continue
            number += 1
            baseline = copy.to_page(baseline_of(span, body, copy.soft))
            yield Line(f"l{number}", polygon, baseline, region=f"r{block}")
