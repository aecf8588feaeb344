"""Level, even type -> a line as a hand writes it or a bound page shows it.

One resampling by ``distortions.warped``, whose control points carry it all: the baseline that
wanders, letters that differ, a slant and a size that change along the line. With h the rows
above the middle row, the field of the warp is

    dx = tremor + slant(x) h        dy = wander(x) + tremor - growth(x) h
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ocr.training import distortions as distort
from ocr.training.ranges import NEVER, UNCHANGED, Amount, Ratio
from ocr.training.synthesis.chance import Rng
from ocr.types import Float32Array

# Control points of the field from top to bottom; the tremor needs two within a small letter.
ROWS = 7
# x; between the points across: one per letter.
SPACING = 1.0
# x; what wanders does so over words.
WANDER_SPACING = 5.0


@dataclass(frozen=True, slots=True)
class Geometry:
    """Ranges; "x" are x-heights. Displacements stay within the margin of the line."""

    shear: Amount = NEVER  # px per px; positive leans to the right
    stretch: Ratio = UNCHANGED  # wide and narrow; 0.8 at least, see distortions.MIN_STRETCH
    slope: Amount = NEVER  # px per px; skew of the page
    wander: Amount = NEVER  # x; of the baseline
    tremor: Amount = NEVER  # x; below half of SPACING, or the paper folds
    slant: Amount = NEVER  # px per px; change of the slant along the line
    growth: Amount = NEVER  # share of the height; change of the size along the line
    recession: Amount = NEVER  # the same, evenly from one end to the other: perspective


def draw_bend(shape: tuple[int, int], x_height: float, ranges: Geometry, rng: Rng) -> distort.Warp:
    """The warp of lines of ``shape`` (H, W); other lines of the page can be bent by the same.

    The slope is limited so that the ends of a long line stay within its margin.
    """
    steepest = x_height / shape[1]
    slope = ranges.slope.draw(rng)
    return distort.Warp(
        stretch=ranges.stretch.draw(rng),
        shear=ranges.shear.draw(rng),
        slope=min(max(slope, -steepest), steepest),
        field=_field(shape, x_height, ranges, rng),
    )


def _field(
    shape: tuple[int, int], x_height: float, ranges: Geometry, rng: Rng
) -> Float32Array | None:
    """(2, ROWS, columns) control points of the displacement in px, None if nothing moves."""
    wander, tremor = (x_height * a.draw(rng) for a in (ranges.wander, ranges.tremor))
    slant, growth = ranges.slant.draw(rng), ranges.growth.draw(rng)
    recession = ranges.recession.draw(rng)
    if not (wander or tremor or slant or growth or recession):
        return None
    height, width = shape
    columns = 4 + int(width / (SPACING * x_height))
    field = rng.uniform(-tremor, tremor, (2, ROWS, columns)).astype(np.float32)
    # Of a cubic spline's points the first and the last lie outside of the picture.
    reach = 0.5 * (ROWS - 1) / (ROWS - 3)
    above = np.linspace(reach, -reach, ROWS, dtype=np.float32)[:, None] * height  # (ROWS, 1)
    slants, growths, wanders = (
        _along(rng, amount, columns, width / x_height) for amount in (slant, growth, wander)
    )
    growths += np.linspace(-recession, recession, columns, dtype=np.float32)
    field[0] += slants * above
    field[1] += wanders - growths * above
    return field


def _along(rng: Rng, amount: float, columns: int, length: float) -> Float32Array:
    """(columns,) smooth values within +-amount over ``length`` x-heights."""
    points = 4 + int(length / WANDER_SPACING)
    controls = rng.uniform(-amount, amount, points).astype(np.float32)
    return distort.spline_curve(controls, columns)
