"""Ruled lines and the walls of cells: what is dark from one end of the image to the other."""

from __future__ import annotations

import numpy as np

from ocr.types import Float32Array

RULE_GAPS = 10  # %, of a ruled line that may be missing
RULE_INK = 0.2  # ink of the rest of it, 0..1, at least
THICKEST_RULE = 1 / 8  # of the image's height


def between_rules(ink: Float32Array, axis: int) -> slice:
    """The rows (axis 1) or columns (axis 0) that rules along both edges of the image leave, of
    ink on paper of any tone. What is thicker than a rule is shade, and stays."""
    dark = np.percentile(ink, RULE_GAPS, axis=axis) > np.median(ink) + RULE_INK
    first, last = int(np.argmin(dark)), int(np.argmin(dark[::-1]))  # 0 if all are dark
    thickest = THICKEST_RULE * len(ink)
    return slice(first * (first <= thickest), len(dark) - last * (last <= thickest))


def without_rules(ink: Float32Array, axis: int) -> Float32Array:
    """(H, W) -> (H, W) without the ruled lines (axis 1) or the walls of cells (axis 0): without
    the ink that a row or column dark from end to end has everywhere. Writing has gaps."""
    ruled = 100 * (ink > RULE_INK).mean(axis=axis) >= 100 - RULE_GAPS
    if not ruled.any():
        return ink
    lines = np.moveaxis(ink, axis, -1).copy()  # each row, or each column
    lines[ruled] -= np.percentile(lines[ruled], RULE_GAPS, axis=-1, keepdims=True)
    return np.maximum(np.moveaxis(lines, -1, axis), 0)
