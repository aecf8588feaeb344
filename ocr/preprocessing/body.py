"""Where the text stands in the crop of a line, and how large it is.

The rows between the first and the last 15 % of the ink follow the body of the text (the x-height
zone), where most ink is, not the crop's margins or a few long loops. Crops often hold slices of
the lines above and below too, so only the ink around the heaviest rows counts, up to the first
valley on either side: rows with almost no ink between rows with much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ocr.preprocessing.rules import without_rules
from ocr.preprocessing.shear import shear
from ocr.types import Float32Array

BODY_SHARES = (0.15, 0.5, 0.85)  # of the ink: below the body's top, its centre, its bottom
LINE_PER_BODY = 4.2  # line height / rows between those; leaves the x-height a third of the line
VALLEY = 0.2  # ink of a row between two lines, relative to the lesser of their heaviest rows
ROWS_WEIGHED = 5  # a line's weight is the ink of a fifth of the crop's rows around its heaviest
BORDER_PRIOR = 0.4  # share of the weight that rows at the crop's edges forfeit
SMALLEST_ZOOM, LARGEST_ZOOM = 0.5, 3.0  # scale relative to fitting the crop's box


@dataclass(frozen=True, slots=True)
class Body:
    """Where the text lies in a crop, in rows at mid-width once it is level: the row of its
    ``centre``, and the ``height`` of a whole line of such text, ascenders and descenders too."""

    centre: float
    height: float

    def scaled(self, factor: float) -> Body:
        """The same in a copy whose rows are ``factor`` times as many."""
        return Body(self.centre * factor, self.height * factor)


def body_zone(image: Float32Array, skew: float = 0.0) -> Body:
    """Find the body of the text in a crop (H, W) whose lines climb by ``skew``.

    A blank image, or one whose ink says nothing, gets the crop's own box.
    """
    height = image.shape[0]
    level = without_rules(shear(without_rules(image, axis=0), -skew, axis=1), axis=1)
    rows = np.square(level).sum(axis=1)  # squared: faint smudges count little
    outside = (len(rows) - height) / 2  # rows that levelling added above
    if rows.sum() <= 0:
        return Body(height / 2, float(height))
    first, end = own_rows(rows)
    rows = rows[first:end]
    above = np.concatenate([[0], np.cumsum(rows)]) / rows.sum()  # share of ink above each edge
    top, centre, bottom = np.interp(BODY_SHARES, above, np.arange(first, end + 1) - outside)
    line_height = np.clip(
        LINE_PER_BODY * (bottom - top), height / LARGEST_ZOOM, height / SMALLEST_ZOOM
    )
    return Body(float(centre), float(line_height))


def own_rows(rows: Float32Array) -> tuple[int, int]:
    """The first row of the crop's own line and the one after its last, by the ink in each row:
    the heaviest ones, and around them all up to a valley."""
    window = np.ones(max(1, len(rows) // ROWS_WEIGHED))
    places = np.linspace(-1, 1, len(rows))
    weight = np.convolve(rows, window, "same") * (1 - BORDER_PRIOR * places**2)
    heaviest = int(weight.argmax())
    above, below = rows[heaviest::-1], rows[heaviest:]
    return heaviest + 1 - _before_valley(above), heaviest + _before_valley(below)


def _before_valley(rows: Float32Array) -> int:
    """How many rows lie before the first that has less than ``VALLEY`` of the ink of the heaviest
    row on either side of it; all of them where none has."""
    before = np.maximum.accumulate(rows)
    beyond = np.maximum.accumulate(rows[::-1])[::-1]
    valleys = np.flatnonzero(rows < VALLEY * np.minimum(before, beyond))
    return int(valleys[0]) if len(valleys) else len(rows)
