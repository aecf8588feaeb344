"""A normalised line -> the vector of every column: raw pixels or nine geometric features.

``conv`` and ``pixels``: the transposed image, (T, F) = (W, height), ink 0..1. What is made of
it is the network's affair.

``geometric``: the nine features of U.-V. Marti and H. Bunke, "Using a statistical language
model to improve the performance of an HMM-based cursive handwriting recognition system",
IJPRAI 15(1), 2001, for a window one column wide. A pixel is black, p(x, y) = 1, where its ink
is at least 0.5. Row i = 0..H-1 counts downwards and lies at y = (i + 1/2) / H, its centre, so
positions are in line heights, 0 at the top and 1 at the bottom:

    0  weight             1/H sum_y p(x, y)                           0..1
    1  centre of gravity  1/H sum_y y p(x, y)                         0..1/2
    2  second moment      1/H sum_y y^2 p(x, y)                       0..1/3
    3  upper contour      u(x) = the least y that is black            0..1
    4  lower contour      l(x) = the greatest y that is black         0..1
    5  upper gradient     2/pi arctan(H (u(x+1) - u(x-1)) / 2)        -1..1
    6  lower gradient     2/pi arctan(H (l(x+1) - l(x-1)) / 2)        -1..1
    7  transitions        white to black going down, white above row 0: runs of ink, 0..H/2
    8  filled             black / all pixels from u(x) to l(x), ends included, 0..1

Features 1 and 2 are the sums as the paper has them, not divided by the weight; the mean y of
the black pixels is feature 1 / feature 0. The gradients are slopes in px per px, downwards
positive, given as angles in quarter turns: a dot or an ascender makes the contour jump by half
the line, and the angle of a jump stays within bounds.

A column without ink has 0 in features 0, 1, 2, 7 and 8. Its contours run straight from the
nearest inked column on the left to the nearest on the right, and level to the ends of the
line; in a line without any ink they are at 1/2. So a mirrored line has mirrored features.
Beyond both ends the contours go on level.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ocr.types import Columns, Float32Array, Float64Array

COLUMNS_PER_FRAME = 4
"""Columns that the network merges into one frame of its output."""

GEOMETRIC_NAMES = (
    "weight",
    "centre of gravity",
    "second moment",
    "upper contour",
    "lower contour",
    "upper gradient",
    "lower gradient",
    "transitions",
    "filled",
)
BLACK = 0.5  # ink from which a pixel counts as black
NO_CONTOUR = 0.5  # line heights; where the contours of a line without ink are put


def frame_count(columns: int) -> int:
    """Frames of a line of so many columns: the last one may be partly padding."""
    return -(-columns // COLUMNS_PER_FRAME)


def columns_from_line(values: Float32Array, edges: Float32Array, features: str) -> Columns:
    """The columns of a normalised line.

    values    (height, W) float32, ink 0..1
    edges     (W + 1,) float32, source-pixel x of the columns' edges; kept as they are
    features  ``conv``, ``pixels`` or ``geometric``, see the top of this file

    Returns Columns with values (W, height), or (W, 9) for ``geometric``. Raises ValueError where
    values and edges do not fit.
    """
    columns = geometric_features(values) if features == "geometric" else values.T  # (T, F)
    return Columns(
        np.ascontiguousarray(columns, dtype=np.float32),
        np.ascontiguousarray(edges, dtype=np.float32),
    )


def columns_alone(values: Float32Array, features: str) -> Columns:
    """The columns of a normalised line (height, W) whose place in its source plays no part."""
    return columns_from_line(values, np.arange(values.shape[1] + 1, dtype=np.float32), features)


def geometric_features(values: Float32Array) -> Float32Array:
    """Ink (H, W) in 0..1 -> the nine features of each column, (W, 9) float32."""
    black = values >= BLACK  # (H, W)
    height = len(black)
    y = (np.arange(height) + 0.5) / height
    moments = np.stack((np.ones(height), y, y * y)) @ black / height  # (3, W)
    count = np.count_nonzero(black, axis=0)
    inked = count > 0
    top = black.argmax(axis=0)
    bottom = height - 1 - black[::-1].argmax(axis=0)
    upper, lower = _contour(y[top], inked), _contour(y[bottom], inked)
    runs = np.count_nonzero(black[1:] & ~black[:-1], axis=0) + black[0]
    filled = count / np.where(inked, bottom - top + 1, 1)
    gradients = _gradient(upper, height), _gradient(lower, height)
    rows = (*moments, upper, lower, *gradients, runs, filled)
    return np.stack(rows, axis=1, dtype=np.float32, casting="same_kind")


def _contour(position: Float64Array, inked: npt.NDArray[np.bool_]) -> Float64Array:
    """Positions (W,) with those of columns without ink interpolated between their neighbours."""
    if not inked.any():
        return np.full(len(position), NO_CONTOUR)
    return np.interp(np.arange(len(position)), np.flatnonzero(inked), position[inked])


def _gradient(contour: Float64Array, height: int) -> Float64Array:
    """Angle (W,) in quarter turns of a contour (W,) in line heights, by central differences."""
    steps = np.diff(contour, prepend=contour[:1], append=contour[-1:])  # (W + 1,)
    slope: Float64Array = height * (steps[1:] + steps[:-1]) / 2
    return 2 / np.pi * np.arctan(slope)
