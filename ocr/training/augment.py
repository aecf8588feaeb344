"""Other lines that could have carried the same text: distortions for training.

The order is that of the world: the hand (one warp: slant, speed, baseline, tremor), the page
(neighbouring lines, pen, faded ink, holes, ruling), the scan (tone, paper grain, blur, noise).
``Distortions`` states how often each happens and how far it goes; every range is such that a
person still reads the line, judged on manuscript, typescript and print of 1600 to 2024.

Sources: elastic distortion, Simard, Steinkraus and Platt, "Best practices for convolutional
neural networks applied to visual document analysis", ICDAR 2003; warping lines by a grid of
control points for handwriting, Wigington et al., "Data augmentation for recognition of
handwritten words and lines using a CNN-LSTM network", ICDAR 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ocr.training import distortions as distort
from ocr.training.ranges import Amount, Ratio
from ocr.types import Float32Array

# Strength beyond this is treated as this: the ranges were judged readable up to here.
MAX_STRENGTH = 1.5
# Share of the strength left for the lines that stay nearly clean.
CLEAN_STRENGTH = 0.2
# Distance of the lines of squared and of ruled paper, in line heights.
SQUARE_PITCH = (0.35, 0.7)
RULE_PITCH = (0.5, 1.2)
# Squared paper is printed paler than ruled paper: its uprights would pass for letters.
SQUARED_INK = 0.6
# Thickness of printed rules (0.1 to 0.3 mm in 8 mm script) and of a pen's stroke.
RULE_WIDTH_PX = (0.6, 1.6)
UNDERLINE_WIDTH_PX = (0.8, 2.0)
# Height of an underline, 0 top to 1 bottom: below the usual baseline, still inside the crop.
UNDERLINE_ROW = (0.72, 0.92)
# Most that a ruled line is off its middle height at its ends, after the text was levelled.
RULE_TILT_PX = 1.5
# Palest ink that is left of black ink when it is both pale and faded.
PALEST = 0.3
# Control points of tremor: one per half line height (a letter), two intervals across.
TREMOR_SPACING = 0.5
TREMOR_ROWS = 5


@dataclass(frozen=True, slots=True)
class Distortions:
    """Probability and range at strength 1; "h" is the height of the line.

    The vertical displacements (shift, fall, wander, tremor) sum to at most 0.17 h, so ink in
    the middle 55 % of the rows stays in the picture even in a line enlarged by 1.08.
    """

    clean: float = 0.2  # share of lines with CLEAN_STRENGTH: the network keeps seeing them

    # The hand.
    shear: Amount = Amount(0.5, -0.3, 0.3)  # px per px: 17 degrees, slant left by deslanting
    stretch: Ratio = Ratio(0.6, 0.8, 1.25)  # wide and narrow hands; CTC needs >= 0.8
    scale: Ratio = Ratio(0.5, 0.85, 1.08)  # error of the estimated body height
    shift: Amount = Amount(0.5, -0.03, 0.03)  # h; error of the estimated baseline
    fall: Amount = Amount(0.5, -0.04, 0.04)  # h, middle to end; skew left by deskewing
    skew: float = 0.02  # px per px, most that a short line falls: 1 degree
    wander: Amount = Amount(0.5, 0.01, 0.045)  # h; unsteady baseline
    tremor: Amount = Amount(0.5, 0.01, 0.05)  # h; letters of one hand differ
    padding: Amount = Amount(0.6, -0.3, 0.5)  # h per end, blanks first; tight and loose crops

    # The page.
    neighbour: Amount = Amount(0.2, 0.06, 0.16)  # h visible; descenders are about 0.2 h
    weight: Amount = Amount(0.5, -0.3, 0.8)  # share of a 3 px erosion / dilation; pens, presses
    gain: Ratio = Ratio(0.3, 0.5, 1.0)  # pale ink, pencil, worn ribbon
    fading: Amount = Amount(0.25, 0.2, 0.6)  # share of ink lost where the pen ran dry
    erasure: Amount = Amount(0.05, 0.04, 0.08)  # h, radius of a hole; smaller than a letter
    ruling: Amount = Amount(0.12, 0.2, 0.7)  # ink of ruled lines, 1 to 3 through the picture
    grid: float = 0.25  # share of the ruled lines that lie on squared paper
    underline: Amount = Amount(0.06, 0.3, 0.8)  # ink of a line below some of the words

    # The scan.
    gamma: Ratio = Ratio(0.3, 0.65, 1.5)  # exposure
    contrast: Ratio = Ratio(0.2, 1.0, 2.0)  # towards bilevel scans
    grain: Amount = Amount(0.3, 0.01, 0.06)  # ink, standard deviation of the paper's texture
    blur: Amount = Amount(0.25, 0.4, 0.9)  # px sigma; thin strokes vanish above 1
    resolution: Ratio = Ratio(0.25, 0.4, 0.85)  # lines of 48 px scanned with 19 to 41
    noise: Amount = Amount(0.3, 0.01, 0.06)  # ink, standard deviation; sensor
    specks: Amount = Amount(0.15, 0.0002, 0.0015)  # per pixel; dust and holes of bilevel scans


STANDARD = Distortions()


def augment(
    line: Float32Array,
    rng: np.random.Generator,
    strength: float = 1.0,
    neighbour: Float32Array | None = None,
    distortions: Distortions = STANDARD,
) -> Float32Array:
    """Distort a normalised line at random, as pens, pages and scanners do.

    line       (H, W) float32, ink 1, paper 0, at least 1 x 1
    rng        the same state gives the same result
    strength   0 (a copy of the line) to 1.5; larger values count as 1.5
    neighbour  (H2, W2) another line of the same page to leave slices of at the edges; without
               it the mirror image of the line itself serves

    Returns (H, W') float32 in 0..1 with W' >= 0.8 W. Raises ValueError for anything but a
    non-empty two-dimensional line and a strength >= 0.
    """
    if line.ndim != 2 or line.size == 0:
        raise ValueError(f"a line has the shape (height, width), not {line.shape}")
    if not strength >= 0:
        raise ValueError(f"strength {strength} is negative")
    if strength == 0:
        return line.copy()
    strength = min(strength, MAX_STRENGTH)
    if rng.random() < distortions.clean:
        strength *= CLEAN_STRENGTH
    line = distort.warped(line, draw_warp(line, rng, strength, distortions))
    for stage in (_neighbours(neighbour), _ink, _ruling, _scan):
        line = stage(line, rng, strength, distortions)
    return np.asarray(np.clip(line, 0, 1), dtype=np.float32)


Stage = Callable[[Float32Array, np.random.Generator, float, Distortions], Float32Array]


def draw_warp(
    line: Float32Array, rng: np.random.Generator, strength: float, ranges: Distortions
) -> distort.Warp:
    """The geometric part of ``augment``; ``line`` (H, W) gives its size and blank margins."""
    height, width = line.shape
    stretch = max(distort.MIN_STRETCH, ranges.stretch.draw(rng, strength))
    slope = 2 * height * ranges.fall.draw(rng, strength) / (width * stretch)
    steepest = ranges.skew * strength
    field = _elastic(line.shape, rng, strength, ranges)
    # Tremor moves ink outwards by this: so much paper stays, or is added, at both ends.
    reach = 0 if field is None else int(np.ceil(stretch * np.abs(field[0]).max()))
    left, right = (int(stretch * blank) - reach for blank in distort.blank_margins(line))
    return distort.Warp(
        stretch=stretch,
        scale=ranges.scale.draw(rng, strength),
        shift=height * ranges.shift.draw(rng, strength),
        shear=ranges.shear.draw(rng, strength),
        slope=min(max(slope, -steepest), steepest),
        left=max(-left, round(height * ranges.padding.draw(rng, strength))),
        right=max(-right, round(height * ranges.padding.draw(rng, strength))),
        field=field,
    )


def _elastic(
    shape: tuple[int, ...], rng: np.random.Generator, strength: float, ranges: Distortions
) -> Float32Array | None:
    """(2, rows, columns) control points of tremor, with the wander of the baseline in dy."""
    height = shape[0]
    wander = height * ranges.wander.draw(rng, strength)
    tremor = height * ranges.tremor.draw(rng, strength)
    if not (wander or tremor):
        return None
    columns = distort.control_points(shape, TREMOR_SPACING)
    field = rng.uniform(-tremor, tremor, (2, TREMOR_ROWS, columns)).astype(np.float32)
    field[1] += distort.random_curve(rng, -wander, wander, shape, columns)
    return field


def _neighbours(neighbour: Float32Array | None) -> Stage:
    """The stage that leaves slices of ``neighbour`` at the top and the bottom."""

    def stage(
        line: Float32Array, rng: np.random.Generator, strength: float, ranges: Distortions
    ) -> Float32Array:
        height, width = line.shape
        for above in (True, False):
            depth = height * ranges.neighbour.draw(rng, strength)
            if depth > 0:
                other = line[:, ::-1] if neighbour is None else neighbour
                other = np.roll(distort.tiled(other, line.shape), int(rng.integers(width)), axis=1)
                # From none to all of the depth: the crop's edge meets the neighbour here and there.
                depths = distort.random_curve(rng, -0.5 * depth, depth, line.shape)
                line = distort.with_neighbour(line, other, depths, above)
        return line

    return stage


def _ink(
    line: Float32Array, rng: np.random.Generator, strength: float, ranges: Distortions
) -> Float32Array:
    """Pen and ink: stroke width, paleness, fading along the line, holes."""
    weight = min(max(ranges.weight.draw(rng, strength), -1.0), 1.0)
    if weight:
        line = distort.stroke_weight(line, weight)
    gain = ranges.gain.draw(rng, strength)
    fading = min(1.0, ranges.fading.draw(rng, strength))
    if fading or gain != 1:
        remaining = gain * distort.random_curve(rng, 1 - fading, 1, line.shape)
        line = line * np.maximum(remaining, np.float32(PALEST))
    radius = line.shape[0] * ranges.erasure.draw(rng, strength)
    if radius:
        line = distort.with_holes(line, radius, rng)
    return line


def _ruling(
    line: Float32Array, rng: np.random.Generator, strength: float, ranges: Distortions
) -> Float32Array:
    """Ruled or squared paper, and underlined words."""
    height, width = line.shape
    ink = min(1.0, ranges.ruling.draw(rng, strength))
    if ink:
        squared = rng.random() < ranges.grid
        pitch = height * float(rng.uniform(*(SQUARE_PITCH if squared else RULE_PITCH)))
        ink *= SQUARED_INK if squared else 1.0
        line = _parallels(line, pitch, ink, rng)
        if squared:
            line = _parallels(np.ascontiguousarray(line.T), pitch, ink, rng).T
    ink = min(1.0, ranges.underline.draw(rng, strength))
    if ink:
        start, stop = np.sort(rng.uniform(0, width, 2))
        x = np.arange(width)
        drawn = (ink * ((x >= start) & (x <= stop))).astype(np.float32)
        level = _level(rng, height * rng.uniform(*UNDERLINE_ROW), width)
        line = distort.ruled(line, level, drawn, rng.uniform(*UNDERLINE_WIDTH_PX))
    return np.ascontiguousarray(line)


def _parallels(
    line: Float32Array, pitch: float, ink: float, rng: np.random.Generator
) -> Float32Array:
    """Horizontal lines every ``pitch`` pixels, thin and unevenly inked."""
    height, width = line.shape
    thickness = rng.uniform(*RULE_WIDTH_PX)
    inks = distort.random_curve(rng, 0.6 * ink, ink, line.shape)
    for row in np.arange(rng.uniform(0, pitch), height, pitch):
        line = distort.ruled(line, _level(rng, float(row), width), inks, thickness)
    return line


def _level(rng: np.random.Generator, row: float, width: int) -> Float32Array:
    """(width,) rows of a line that is nearly level."""
    tilt = rng.uniform(-RULE_TILT_PX, RULE_TILT_PX)
    return np.linspace(row - tilt, row + tilt, width, dtype=np.float32)


def _scan(
    line: Float32Array, rng: np.random.Generator, strength: float, ranges: Distortions
) -> Float32Array:
    """Exposure, paper grain, focus or resolution, sensor noise, dust."""
    gamma, contrast = ranges.gamma.draw(rng, strength), ranges.contrast.draw(rng, strength)
    if gamma != 1 or contrast != 1:
        line = distort.toned(line, gamma, contrast)
    grain = ranges.grain.draw(rng, strength)
    if grain:
        line = line + distort.texture(rng, grain, line.shape)
    blur, resolution = ranges.blur.draw(rng, strength), ranges.resolution.draw(rng, strength)
    if resolution != 1:  # never both: each alone takes what a reader can spare
        line = distort.resampled(line, resolution)
    elif blur:
        line = distort.blurred(line, blur)
    noise = ranges.noise.draw(rng, strength)
    if noise:
        line = line + rng.standard_normal(line.shape, dtype=np.float32) * np.float32(noise)
    density = ranges.specks.draw(rng, strength)
    return distort.with_specks(line, density, rng) if density else line
