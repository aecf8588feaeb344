"""The height of a page's text, from which every length of the segmentation is derived.

Lines of writing are ridges of stroke edges (see ``ridges``). For a band of height 2a that is
evenly filled, the scale-normalised second derivative s^2 |R''| across it is, in its middle,

    2a G(a; s) = 2a / (s sqrt(2 pi)) exp(-a^2 / 2 s^2)

and largest at s = a (Lindeberg 1998, "Feature detection with automatic scale selection"). The
scale whose ridges are strongest on average over the page gives the text's height. The average
grows with the distance of the lines too, which suits handwriting: its loops reach as far as its
lines are apart. For a line on an otherwise empty page it grows without end; the scale at which
the ridges have the most energy, the mean square of their strength, does not: it sets a limit, and
where the two are further apart than on any full page, the height.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation.ridges import ridge_strength, stroke_edges
from ocr.types import Float32Array

FINEST = 1.5  # px, standard deviation: text of 3 px is not to be read
STEPS = 12  # half octaves: up to text of 120 px
WIDEST = 1.0  # octaves between the two scales: up to 1.01 on full pages
FURTHEST = 1.5  # octaves; where few lines stand on an empty page they are 1.9 apart and more
USUAL = 0.5  # octaves between them, of such a page
BODY_PER_SIGMA = 1.8
"""x-height / strongest scale: 1.4 to 2.3 on pages set in DejaVu Serif, wide to solid; ascenders
and the weak flanks of the ridges shift the formula's factor of 2."""


def body_height(soft: Float32Array) -> float | None:
    """The text's x-height in pixels, of soft ink (H, W); None where there is no text: the energy
    of noise, of specks and of empty paper has no peak between the finest and the coarsest scale."""
    edges = stroke_edges(soft)
    sigmas = FINEST * 2 ** (np.arange(STEPS) / 2)
    strengths = [_strength(edges, sigma) for sigma in sigmas]
    peak = _peak(np.array([np.square(strength).mean() for strength in strengths]))
    if peak is None:
        return None
    octaves = _octaves([float(strength.mean()) for strength in strengths])
    apart = octaves - peak / 2
    octaves = peak / 2 + (USUAL if apart > FURTHEST else min(apart, WIDEST))
    return float(BODY_PER_SIGMA * FINEST * 2**octaves)


def _peak(values: npt.NDArray[np.float32]) -> int | None:
    """The index of the highest value that is higher than both its neighbours."""
    inner = values[1:-1]
    peaks = 1 + np.flatnonzero((inner > values[:-2]) & (inner > values[2:]))
    return int(peaks[values[peaks].argmax()]) if len(peaks) else None


def _octaves(values: Sequence[float]) -> float:
    """The place of the largest of values half an octave apart, in octaves from the first."""
    best = int(np.argmax(values))
    octaves = best / 2
    if 0 < best < len(values) - 1 and min(values[best - 1 : best + 2]) > 0:
        left, middle, right = np.log(values[best - 1 : best + 2])
        bend = left - 2 * middle + right  # vertex of the parabola through the three best
        octaves += 0.25 * (left - right) / bend if bend < 0 else 0.0
    return float(octaves)


def _strength(edges: Float32Array, sigma: float) -> Float32Array:
    height, width = edges.shape
    factor = int(sigma / FINEST)  # a coarse scale needs few pixels
    size = max(1, width // factor), max(1, height // factor)
    small = cv2.resize(edges, size, interpolation=cv2.INTER_AREA)
    return ridge_strength(np.asarray(small, np.float32), sigma / factor)
