"""Where one line ends and the next begins: along the seam of least ink between their middles.

The space between the middle of a line and that of the line above is straightened into a strip
of ``ROWS`` rows. A seam crosses the strip from left to right and climbs or falls by at most
``STEEPEST`` rows per column; the best one has the least sum of ink crossed, steps taken and
distance from the strip's middle. It is found by dynamic programming (Avidan & Shamir 2007, for
handwriting Arvanitopoulos & Suesstrunk 2014), in all strips of a page at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation.neighbours import NONE, lines_above, middles_of
from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.types import Float32Array

ROWS = 32  # of a strip: about a pixel each where lines stand close
STEEPEST = 4  # rows per column: a seam can go around a long descender
STEP_COST = 0.02  # ink that a step by one row is worth
EDGE_COST = 0.05  # ink that a column at the edge of the strip is worth
UP, DOWN = 2.6, 2.2  # text heights from the middle to the tips of ascenders and descenders


@dataclass(frozen=True, slots=True)
class Span:
    """The rows that belong to a line, (N,) float32 each, in the columns from ``left`` on."""

    left: int
    top: Float32Array
    middle: Float32Array
    bottom: Float32Array


def cut(lines: Sequence[Ridge], soft: Float32Array) -> list[Span]:
    """The span of each line; spans of neighbours touch at a seam and do not overlap.

    soft  (H, W) ink of the working copy
    """
    height, width = soft.shape
    if not lines:
        return []
    middles = middles_of(lines, width)
    above = lines_above(middles)
    columns = np.arange(width)
    bodies = np.array([[line.body] for line in lines], np.float32)
    known = np.where(np.isfinite(middles), middles, 0)
    upper = np.maximum(known - UP * bodies, 0)
    upper = np.where(above == NONE, upper, np.maximum(upper, known[above, columns]))
    tops = upper + _seams(upper, known, soft) * (known - upper)
    bottoms = np.minimum(known + DOWN * bodies, height)
    index, x = np.nonzero(above != NONE)
    upstairs = above[index, x]
    bottoms[upstairs, x] = np.minimum(bottoms[upstairs, x], tops[index, x])
    return [
        Span(line.left, *(rows[n, line.left : line.right] for rows in (tops, known, bottoms)))
        for n, line in enumerate(lines)
    ]


def _seams(upper: Float32Array, lower: Float32Array, soft: Float32Array) -> Float32Array:
    """(strips, W) each: the share of the way from ``upper`` to ``lower`` at which seams run."""
    count, width = upper.shape
    shares = (np.arange(ROWS, dtype=np.float32) + 0.5) / ROWS
    bias = EDGE_COST * np.square(2 * shares - 1)
    steps = np.arange(-STEEPEST, STEEPEST + 1)
    step_costs = (STEP_COST * np.abs(steps)).astype(np.float32)[:, None, None]
    came_by = np.zeros((width, count, ROWS), np.int8)
    total = np.zeros((count, ROWS), np.float32)
    for x in range(width):
        rows = upper[:, x, None] + shares * (lower - upper)[:, x, None]  # (strips, ROWS)
        energy = soft[np.minimum(rows.astype(np.int64), len(soft) - 1), x] + bias
        padded = np.pad(total, ((0, 0), (STEEPEST, STEEPEST)), constant_values=np.inf)
        ways = np.lib.stride_tricks.sliding_window_view(padded, ROWS, axis=1)  # (strips, steps, R)
        costs = ways.transpose(1, 0, 2) + step_costs
        best = costs.argmin(axis=0)
        came_by[x] = steps[best]
        total = energy + np.take_along_axis(costs, best[None], axis=0)[0]
    return np.asarray(shares[_traced(came_by, total)].T, np.float32)


def _traced(came_by: npt.NDArray[np.int8], total: Float32Array) -> npt.NDArray[np.int64]:
    """(W, strips): the rows of the cheapest paths, from their ends back."""
    width, count, _ = came_by.shape
    path = np.zeros((width, count), np.int64)
    path[-1] = total.argmin(axis=1)
    for x in range(width - 1, 0, -1):
        path[x - 1] = path[x] + came_by[x, np.arange(count), path[x]]
    return path
