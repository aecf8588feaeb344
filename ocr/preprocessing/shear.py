"""Shears of an image, and the one under which its ink piles up most."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Float32Array

SHEAR_STEPS = 19  # slopes tried; a parabola refines the best
SHEAR_PRIOR = 0.08  # share of the score that the largest shear forfeits: doubt means leave


def shear(image: Float32Array, slope: float, axis: int) -> Float32Array:
    """Shift every column (axis 1) by slope * x rows, or row (axis 0) by slope * y columns.

    Shifts are taken about the middle, and the other axis grows so that nothing is lost.
    """
    height, width = image.shape
    if axis == 1:
        room = int(np.ceil(abs(slope) * width / 2))
        matrix = np.array([[1, 0, 0], [slope, 1, room - slope * (width - 1) / 2]])
        size = (width, height + 2 * room)
    else:
        room = int(np.ceil(abs(slope) * height / 2))
        matrix = np.array([[1, slope, room - slope * (height - 1) / 2], [0, 1, 0]])
        size = (width + 2 * room, height)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def best_shear(image: Float32Array, limit: float, axis: int) -> float:
    """The slope within +-limit of the lines along ``axis``: sheared back by it, their ink
    piles up most (largest sum of squared sums along the axis). 0 for a blank image.

    axis 1 finds the slope of the baseline (dy/dx), axis 0 that of the strokes, positive when
    the writing leans to the right.
    """
    sign = -1.0 if axis == 1 else 1.0
    slopes = np.linspace(-limit, limit, SHEAR_STEPS)
    scores = np.array(
        [
            float(np.square(shear(image, sign * slope, axis).sum(axis=axis)).sum())
            * (1 - SHEAR_PRIOR * (slope / limit) ** 2)
            for slope in slopes
        ]
    )
    best = int(scores.argmax())
    if scores[best] <= 0:
        return 0.0
    if 0 < best < len(slopes) - 1:  # vertex of the parabola through the three best
        left, middle, right = scores[best - 1 : best + 2]
        bend = left - 2 * middle + right
        offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
        return float(slopes[best] + offset * (slopes[1] - slopes[0]))
    return float(slopes[best])
