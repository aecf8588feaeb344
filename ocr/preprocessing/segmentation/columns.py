"""Which gaps within a row separate columns, margins and cells.

A lane is a strip of paper that runs from row to row without any writing. The gap between two
words of a line is crossed by the lines above and below it; the lane between columns is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.types import BoolArray

WORD_GAP = 1.5  # text heights; a wider gap may be that between columns
BARRED = 1.2  # text heights of upright rule that bar a gap: letters are not as tall
BESIDE = 5.0  # text heights beside a lane within which its columns begin
LANES = ((3.0, 30.0, 3.0), (6.0, 20.0, 2.0), (12.0, 18.0, 0.0), (float("inf"), 6.0, 0.0))
"""(widest gap, longest lane, fewest lines): a gap no wider, in text heights, belongs to a column
where its lane is no longer, in text heights, or has fewer lines on one of its sides. The wider the
gap, the less must agree that it separates."""
SHORT = 10.0  # text heights; a price or a page number at the end of a row is no longer
LEVEL = 0.5  # text heights between the parts of a row
FEWEST_ROWS = 2  # one alone may be level by chance
ROWS = 0.8  # share of the pieces to the right of a lane that end rows begun to its left


@dataclass(frozen=True, slots=True)
class Lane:
    """Paper between ``left`` and ``right``, from ``top`` to before ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int


class Columns:
    """Judges gaps on one page.

    lines    what is linked so far
    barrier  (H, W) upright rules
    """

    def __init__(self, lines: Sequence[Ridge], barrier: BoolArray) -> None:
        self._barrier = barrier
        self._ends = np.array([_ends(line) for line in lines], np.float64).reshape(-1, 5)
        self._writing = _painted(lines, barrier.shape)

    def within_words(self, piece: Ridge, other: Ridge) -> bool:
        """Whether the gap is so narrow that it separates words at most."""
        gap = other.left - piece.right
        return gap <= WORD_GAP * max(piece.body, other.body) and not self._barred(piece, other)

    def within_column(self, piece: Ridge, other: Ridge) -> bool:
        """Whether both belong to one column."""
        body = max(piece.body, other.body)
        gap = (other.left - piece.right) / body
        if self._barred(piece, other) or gap <= WORD_GAP:
            return not self._barred(piece, other)
        longest, fewest = next((long, few) for widest, long, few in LANES if gap <= widest)
        lane = self._lane(piece, other, body)
        return (
            lane.bottom - lane.top <= longest * body
            or self._flanking(lane, body) < fewest
            or self._has_rows(lane, body)
        )

    def _barred(self, piece: Ridge, other: Ridge) -> bool:
        body = max(piece.body, other.body)
        middle = (piece.rows[-1] + other.rows[0]) / 2
        left, right = sorted((piece.right, other.left))
        rows = slice(max(0, round(middle - body)), max(0, round(middle + body)))
        between = self._barrier[rows, max(0, left - 1) : right + 1]
        return bool(between.any(axis=1).sum() > BARRED * body)

    def _lane(self, piece: Ridge, other: Ridge, body: float) -> Lane:
        """The longest lane through the gap."""
        row = int(np.clip((piece.rows[-1] + other.rows[0]) / 2, 0, len(self._writing) - 1))
        gap = self._writing[:, piece.right : other.left]
        width = round(WORD_GAP * body)
        above = _shortest(_paper(gap[:row][::-1]), width)
        below = _shortest(_paper(gap[row:]), width)
        best = int(np.argmax(above + below))
        left = piece.right + best
        return Lane(left, row - int(above[best]), left + width, row + int(below[best]))

    def _flanking(self, lane: Lane, body: float) -> float:
        """How many lines stand close to the lane, on the side with fewer."""
        reach, rows = round(BESIDE * body), slice(lane.top, lane.bottom)
        before = self._writing[rows, max(0, lane.left - reach) : lane.left].any(axis=1)
        after = self._writing[rows, lane.right : lane.right + reach].any(axis=1)
        return float(min(before.sum(), after.sum())) / body

    def _has_rows(self, lane: Lane, body: float) -> bool:
        """Whether what stands to the right of the lane are the short ends of rows."""
        left, right, first, last, is_long = self._ends.T
        beside = (lane.top <= first) & (first < lane.bottom)
        before = last[beside & (right <= lane.left + body)]
        after = beside & (left >= lane.right - body)
        if not before.size or is_long[after].any():
            return False
        apart = np.abs(first[after][:, None] - before).min(axis=1)  # (after,) px
        ends = (apart < LEVEL * body).sum()
        return bool(ends >= max(FEWEST_ROWS, ROWS * after.sum()))


def _ends(line: Ridge) -> tuple[float, float, float, float, float]:
    """Left, right, first row, last row, and whether the line is longer than the end of a row."""
    is_long = len(line.rows) > SHORT * line.body
    return line.left, line.right, line.rows[0], line.rows[-1], float(is_long)


def _painted(lines: Sequence[Ridge], shape: tuple[int, int]) -> BoolArray:
    """(H, W): where the lines are, one text height thick."""
    mask = np.zeros(shape, np.uint8)
    for line in lines:
        points = np.stack([np.arange(line.left, line.right), line.rows], axis=1)
        cv2.polylines(mask, [np.rint(points).astype(np.int32)], False, (1,), round(line.body))
    return mask > 0


def _paper(rows: BoolArray) -> npt.NDArray[np.int64]:
    """How many rows from the first one on are without writing, per column."""
    if not len(rows):
        return np.zeros(rows.shape[1], np.int64)
    return np.where(rows.any(axis=0), rows.argmax(axis=0), len(rows))


def _shortest(runs: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    """The least of the runs in each window of ``width`` columns."""
    windows = np.lib.stride_tricks.sliding_window_view(runs, min(width, len(runs)))
    return np.asarray(windows.min(axis=1), np.int64)
