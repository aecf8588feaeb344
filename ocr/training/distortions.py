"""What happens to a line of ink between the pen and the recognizer, one function per cause.

Every function takes a line (H, W) float32, ink = 1 and paper = 0, and returns a new one of the
same dtype. None of them decides whether or how strongly: ``ocr.training.augment`` does.

Geometry is one resampling. A warp says for every *output* pixel (x', y') which source point
(u, v) it shows, c being the middle row, m the middle column (source) and m' the column where
it lands:

    v = c + (y' - c - shift - slope (x' - m')) / scale - dy(x', y')
    u = m + (x' - m' - shear (c - y')) / stretch       - dx(x', y')

dx and dy are smooth random fields, the elastic distortion of Simard, Steinkraus and Platt
(ICDAR 2003). They are built, as in Wigington et al. (ICDAR 2017), on a grid of control points;
between the points they are uniform cubic B-splines instead of filtered noise, so that a field
never exceeds its largest control value and never folds while that value stays below half the
spacing of the points (the slope of the spline is at most 2 max / spacing).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

# A warp never makes a line narrower than this share of its width: CTC needs its frames.
MIN_STRETCH = 0.8
# cv2.remap refuses images of 2^15 - 1 pixels or more per side.
REMAP_LIMIT_PX = 32_766
# Line heights between the control points of what changes from word to word: baseline, ink.
WANDER_SPACING = 2.0
# A column whose darkest pixel is below this holds no ink (paper grain stays below).
BLANK_INK = 0.2
# Size of paper fibres and blotches in a line of 48 px.
GRAIN_PX = (2.0, 5.0)
# Share of the fullest row's ink that makes a row part of the writing.
INKED_ROW = 0.1
# Side of the dilation and erosion kernel; strokes are 2 to 5 px wide in a line of 48 px.
STROKE_KERNEL_PX = 3


@dataclass(frozen=True, slots=True)
class Warp:
    """One geometric distortion; the default changes nothing.

    stretch, scale  horizontal and vertical magnification (1 = as it is)
    shift           down, in pixels
    shear           pixels to the right per pixel up; positive leans like italics
    slope           pixels down per pixel to the right
    left, right     paper added at the ends in pixels; negative takes away
    field           (2, rows >= 4, columns >= 4) control points of dx (to the right) and dy
                    (down) in source pixels, spread evenly over the output; None: none
    """

    stretch: float = 1.0
    scale: float = 1.0
    shift: float = 0.0
    shear: float = 0.0
    slope: float = 0.0
    left: int = 0
    right: int = 0
    field: Float32Array | None = None


def spline_pieces(points: int, length: int) -> tuple[npt.NDArray[np.intp], Float32Array]:
    """Uniform cubic B-spline: the four control points of each sample, and their weights.

    Both (length, 4); the weights are >= 0 and sum to 1. ``points`` >= 4; the first and last
    control point lie one spacing outside the curve, as the basis wants it.
    """
    position = np.linspace(0, points - 3, length)
    knot = np.minimum(position.astype(np.intp), points - 4)  # (length,)
    t = position - knot
    pieces = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    return knot[:, None] + np.arange(4), _float(np.stack(pieces, axis=1) / 6)


def spline_weights(points: int, length: int) -> Float32Array:
    """The same as a matrix (length, points) that turns control values into a curve."""
    near, pieces = spline_pieces(points, length)
    weights = np.zeros((length, points), np.float32)
    np.put_along_axis(weights, near, pieces, axis=1)
    return weights


def spline_curve(controls: Float32Array, length: int) -> Float32Array:
    """(points,) control values -> (length,) smooth curve within their range.

    Not as the product with ``spline_weights``: few entries of that are not zero, and NumPy now
    and then warned of an invalid value in it, in hours of training on finite values.
    """
    near, pieces = spline_pieces(len(controls), length)
    return _float((controls[near] * pieces).sum(axis=1))


def spline_surface(controls: Float32Array, shape: tuple[int, int]) -> Float32Array:
    """(..., rows, columns) control values -> (..., H, W) smooth surfaces within their range."""
    rows, columns = controls.shape[-2:]
    down = spline_weights(rows, shape[0]) @ controls  # (..., H, columns)
    return _float(down @ spline_weights(columns, shape[1]).T)


def control_points(shape: tuple[int, ...], spacing: float) -> int:
    """Points of a spline along a line of ``shape``, ``spacing`` line heights apart."""
    height, width = shape
    return 4 + int(width / (height * spacing))


def random_curve(
    rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...], samples: int = 0
) -> Float32Array:
    """Smooth random values low..high along a line of ``shape``: W of them, or ``samples``."""
    controls = rng.uniform(low, high, control_points(shape, WANDER_SPACING))
    return spline_curve(controls.astype(np.float32), samples or shape[1])


def warped_width(shape: tuple[int, int], warp: Warp) -> int:
    """Width in pixels of a line of ``shape`` after ``warp``: at least 0.8 of what it was.

    A sheared line is wider by the overhang of its top and bottom row, so none is cut off.
    """
    height, width = shape
    content = width * warp.stretch + abs(warp.shear) * (height - 1)
    full = int(np.ceil(content)) + warp.left + warp.right
    return max(full, int(np.ceil(MIN_STRETCH * width)))


def warp_maps(shape: tuple[int, int], warp: Warp) -> tuple[Float32Array, Float32Array]:
    """The source point (u, v) of every output pixel: two (H, W') arrays in pixels."""
    height, width = shape
    new_width = warped_width(shape, warp)
    middle_row, middle = (height - 1) / 2, (width - 1) / 2
    content = width * warp.stretch + abs(warp.shear) * (height - 1)
    landing = warp.left + (content - 1) / 2
    x = np.arange(new_width, dtype=np.float32)[None, :] - np.float32(landing)  # (1, W')
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(middle_row)  # (H, 1)
    u = x * np.float32(1 / warp.stretch) + (y * (warp.shear / warp.stretch) + middle)
    v = (y - warp.shift) / warp.scale + (x * (-warp.slope / warp.scale) + middle_row)
    if warp.field is not None:
        dx, dy = spline_surface(warp.field, (height, new_width))
        u, v = u - dx, v - dy
    return _float(u), _float(v)


def warped(line: Float32Array, warp: Warp) -> Float32Array:
    """The line under the warp, (H, W'); what comes from outside is paper."""
    height, width = line.shape
    if max(height, width, warped_width((height, width), warp)) > REMAP_LIMIT_PX:
        return line
    u, v = warp_maps((height, width), warp)
    # Bicubic: bilinear would soften every line seen in training and none seen in use.
    return _float(cv2.remap(line, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT))


def overlaid(line: Float32Array, ink: Float32Array) -> Float32Array:
    """Two inks on one sheet: what light the one lets through, the other may still absorb."""
    return 1 - (1 - line) * (1 - ink)


def stroke_weight(line: Float32Array, amount: float) -> Float32Array:
    """Bolder (amount > 0) or lighter (< 0) strokes; |amount| 1 is a full grey dilation/erosion."""
    size = (STROKE_KERNEL_PX, STROKE_KERNEL_PX)
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, size)
    changed = cv2.dilate(line, kernel) if amount > 0 else cv2.erode(line, kernel)
    share = abs(amount)
    return _float(cv2.addWeighted(line, 1 - share, changed, share, 0))


def toned(line: Float32Array, gamma: float, contrast: float) -> Float32Array:
    """ink ** gamma, then a slope of ``contrast`` about a third of the darkest ink.

    The pivot follows the ink and lies low, so that hairlines are not pushed into the paper.
    """
    powered = cv2.pow(np.clip(line, 0, 1), gamma) if gamma != 1 else line
    pivot = float(powered.max()) / 3
    return _float(np.clip((_float(powered) - pivot) * contrast + pivot, 0, 1))


def blurred(line: Float32Array, sigma: float) -> Float32Array:
    """Out of focus: a Gaussian of ``sigma`` pixels."""
    return _float(cv2.GaussianBlur(line, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def resampled(line: Float32Array, factor: float) -> Float32Array:
    """Scanned at ``factor`` (0..1) of the resolution and enlarged again, same shape."""
    height, width = line.shape
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    reduced = cv2.resize(line, small, interpolation=cv2.INTER_AREA)
    return _float(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR))


def ruled(line: Float32Array, rows: Float32Array, ink: Float32Array, width: float) -> Float32Array:
    """A drawn line through the image.

    rows   (W,) its height at every column in pixels from the top, fractions allowed
    ink    (W,) its ink 0..1 at every column; 0 where it is not drawn
    width  of the line in pixels; pixels partly covered get their share
    """
    reach = width / 2 + 1
    top = max(0, int(np.floor(rows.min() - reach)))
    bottom = min(line.shape[0], int(np.ceil(rows.max() + reach)) + 1)
    if bottom <= top:
        return line
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    cover = np.clip(np.float32(width / 2 + 0.5) - np.abs(y - rows), 0, min(1.0, width))
    result = line.copy()
    result[top:bottom] = overlaid(line[top:bottom], cover * ink)
    return result


def ink_rows(line: Float32Array) -> tuple[int, int]:
    """First row with ink and the first below the last, (0, H) when there is none.

    A row has ink when it holds at least a tenth of what the fullest row holds.
    """
    mass = line.sum(axis=1)
    inked = np.flatnonzero(mass > INKED_ROW * mass.max())
    return (int(inked[0]), int(inked[-1]) + 1) if inked.size else (0, line.shape[0])


def blank_margins(line: Float32Array) -> tuple[int, int]:
    """Columns without ink at the left and at the right; (0, 0) when there is no ink at all."""
    inked = np.flatnonzero(line.max(axis=0) >= BLANK_INK)
    return (int(inked[0]), line.shape[1] - 1 - int(inked[-1])) if inked.size else (0, 0)


def tiled(line: Float32Array, shape: tuple[int, int]) -> Float32Array:
    """A line brought to ``shape``: scaled to the height, then repeated or cut to the width."""
    height, width = shape
    if line.shape[0] != height:
        scaled_width = max(1, round(line.shape[1] * height / line.shape[0]))
        line = _float(cv2.resize(line, (scaled_width, height), interpolation=cv2.INTER_AREA))
    repeats = -(-width // line.shape[1])
    return np.tile(line, (1, repeats))[:, :width] if repeats > 1 else line[:, :width]


def with_neighbour(
    line: Float32Array, neighbour: Float32Array, depths: Float32Array, above: bool
) -> Float32Array:
    """The line with the edge of a neighbour's ink left in its crop.

    neighbour  (H, W), same shape as the line
    depths     (W,) pixels of the neighbour visible at every column: a crop follows a polygon
    above      True: the feet of the line above at the top edge; False: the heads of the
               line below at the bottom edge
    """
    height = line.shape[0]
    first, last = ink_rows(neighbour)
    depth = min(int(np.ceil(max(0.0, float(depths.max())))), last - first, height)
    if depth == 0:
        return line
    rows = np.arange(depth, dtype=np.float32)[:, None]  # distance from the crop's edge
    result = line.copy()
    if above:
        strip = neighbour[last - depth : last] * (rows < depths)
        result[:depth] = overlaid(line[:depth], strip)
    else:
        strip = neighbour[first : first + depth] * (rows[::-1] < depths)
        result[height - depth :] = overlaid(line[height - depth :], strip)
    return result


def with_holes(line: Float32Array, radius: float, rng: np.random.Generator) -> Float32Array:
    """One to three elliptic holes of about ``radius`` pixels, anywhere."""
    height, width = line.shape
    keep = np.ones_like(line)
    for _ in range(int(rng.integers(1, 4))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (max(1, round(radius * rng.uniform(0.6, 1))), max(1, round(radius)))
        cv2.ellipse(keep, centre, axes, float(rng.uniform(0, 180)), 0, 360, 0.0, -1)
    return line * keep


def texture(rng: np.random.Generator, deviation: float, shape: tuple[int, ...]) -> Float32Array:
    """(H, W) paper fibres: coarse Gaussian noise of ``deviation``, enlarged to ``shape``."""
    height, width = shape
    size = rng.uniform(*GRAIN_PX)
    coarse = (int(height / size) + 1, int(width / size) + 1)
    field = rng.standard_normal(coarse, dtype=np.float32) * np.float32(deviation)
    return np.asarray(cv2.resize(field, (width, height)), dtype=np.float32).reshape(height, width)


def with_specks(line: Float32Array, density: float, rng: np.random.Generator) -> Float32Array:
    """Dust and pinholes of 1 to 2 px, ``density`` of them per pixel, half dark, half bright."""
    height, width = line.shape
    count = int(rng.poisson(density * line.size))
    rows, columns = rng.integers(height, size=count), rng.integers(width, size=count)
    ink = rng.integers(0, 2, size=count).astype(np.float32)
    tall, wide = rng.integers(0, 2, size=(2, count))
    result = line.copy()
    result[rows, columns] = ink
    result[np.minimum(rows + tall, height - 1), np.minimum(columns + wide, width - 1)] = ink
    return result


def _float(array: object) -> Float32Array:
    return np.asarray(array, dtype=np.float32)
