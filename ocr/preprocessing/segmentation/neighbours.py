"""Which line stands above which, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.types import Float32Array

NONE = -1


def middles_of(lines: Sequence[Ridge], width: int) -> Float32Array:
    """(lines, width): the row of each line's middle, infinite where it is not."""
    middles = np.full((len(lines), width), np.inf, np.float32)
    for middle, line in zip(middles, lines, strict=True):
        middle[line.left : line.right] = line.rows
    return middles


def lines_above(middles: Float32Array) -> npt.NDArray[np.int64]:
    """(lines, width): the index of the next line above each, ``NONE`` where there is none."""
    order = np.argsort(middles, axis=0, kind="stable")
    ranks = np.argsort(order, axis=0, kind="stable")
    next_above = np.take_along_axis(order, np.maximum(ranks - 1, 0), axis=0)
    return np.where((ranks > 0) & np.isfinite(middles), next_above, NONE)
