"""Ruled lines, table lines and leaders: long, thin and straight along the rows or columns.

Upright rules part the cells of a table, but not the words that are written across squared paper.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

LENGTH = 6.0  # text heights: longer than any stroke of a letter
THICKNESS = 0.35  # text heights: a rule is as thin as a stroke
BREAK = 0.25  # text heights: gap that a faint rule may have
SQUARE = 3.0  # text heights between the rules of squared paper; a cell holds two figures and more
SQUARES = 3  # that follow one another on squared paper, at least


def find_rules(
    soft: Float32Array, body: float, thickness: float = THICKNESS
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(level, upright): masks (H, W) of the pixels of rules up to ``thickness``; strokes that
    cross one are not in it."""
    mask = (soft > 0.3).astype(np.uint8)
    upright = _level_rules(np.ascontiguousarray(mask.T), body, thickness).T
    return _level_rules(mask, body, thickness), upright


def cell_walls(upright: npt.NDArray[np.bool_], body: float) -> npt.NDArray[np.bool_]:
    """(H, W): the upright rules without those of squared paper."""
    side = round(SQUARE * body)
    joined = cv2.morphologyEx(upright.astype(np.uint8), cv2.MORPH_CLOSE, _row(side))
    squared = cv2.morphologyEx(joined, cv2.MORPH_OPEN, _row(SQUARES * side // 2))
    return np.asarray(upright & (squared == 0))


def _row(length: int) -> npt.NDArray[np.uint8]:
    """A level window with a middle pixel, so that what it closes and opens stays in place."""
    return np.ones((1, length | 1), np.uint8)


def _level_rules(
    mask: npt.NDArray[np.uint8], body: float, thickness: float
) -> npt.NDArray[np.bool_]:
    joined = cv2.dilate(mask, np.ones((3, max(1, round(BREAK * body))), np.uint8))
    long = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, round(LENGTH * body)), np.uint8))
    tall = np.ones((round(thickness * body) + 2, 1), np.uint8)
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, tall)
    return np.asarray((long > 0) & (mask > 0) & (thick == 0))
