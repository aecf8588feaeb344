"""A sheet -> the picture of it: what lamps, lenses, sensors, codecs and thresholds do.

Takes reflectance (H, W) float32 0..1 and returns grey uint8, 0 black, 255 white.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.training import distortions as distort
from ocr.training.ranges import NEVER, UNCHANGED, Amount, Ratio
from ocr.training.synthesis.chance import Rng
from ocr.types import Float32Array, FloatArray

# px; typescript is still read at 7, and what is read should not lie at the edge of what is learnt.
LEAST_X_HEIGHT = 6.0
# Grey 0..1 that cameras bring the middle of an unevenly lit sheet up to.
EXPOSED = 0.55
# px; the window in which a threshold finds paper: wider than a stroke is thick.
PAPER_WINDOW = 15
GRAIN = 1.5  # px, of the noise that is no paper
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Camera:
    """Ranges.

    scale  height of the picture over that of the page as drawn
    """

    shade: Amount = NEVER  # share of the light lost from one side to the other
    shadow: Amount = NEVER  # share of the light lost behind an edge
    blur: Amount = NEVER  # px sigma on the page as drawn
    shake: Amount = NEVER  # px; length of a level movement
    scale: Ratio = UNCHANGED
    sharpening: Amount = NEVER  # share of an unsharp mask, as scanners apply it
    contrast: Ratio = UNCHANGED  # about the middle grey
    gamma: Ratio = UNCHANGED
    noise: Amount = NEVER  # of white, standard deviation
    jpeg: Amount = NEVER  # 100 - quality
    bilevel: Amount = NEVER  # threshold between ink (0) and paper (1)
    specks: Amount = NEVER  # per px


def photographed(sheet: Float32Array, x_height: float, ranges: Camera, rng: Rng) -> Grey:
    """The picture (h, w) of a sheet (H, W) on which an x has ``x_height`` px."""
    light = _optics(_lit(sheet, ranges, rng), ranges, rng)
    light = _scaled(light, LEAST_X_HEIGHT / x_height, ranges, rng)
    light = _sensor(light, ranges, rng)
    grey = np.asarray(np.clip(light, 0, 1) * 255 + np.float32(0.5), dtype=np.uint8)
    compression = ranges.jpeg.draw(rng)
    if compression:
        quality = [cv2.IMWRITE_JPEG_QUALITY, round(100 - compression)]
        _, data = cv2.imencode(".jpg", grey, quality)
        grey = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    threshold = ranges.bilevel.draw(rng)
    return _bilevel(grey, threshold, ranges, rng) if threshold else grey


def _lit(sheet: Float32Array, ranges: Camera, rng: Rng) -> Float32Array:
    """Under a lamp to one side, with a shadow across."""
    height, width = sheet.shape
    lamp: FloatArray = np.ones((1, 1), dtype=np.float32)
    shade, shadow = ranges.shade.draw(rng), ranges.shadow.draw(rng)
    if shade:
        down = np.linspace(1.0, 1 - 0.5 * shade, height, dtype=np.float32)[:, None]
        down = down[::-1] if rng.random() < 0.5 else down
        along = distort.spline_curve(rng.uniform(1 - shade, 1, 4).astype(np.float32), width)
        lamp = along * down
    if shadow:
        x = np.arange(width, dtype=np.float32) - np.float32(rng.uniform(0, width))
        lean = np.arange(height, dtype=np.float32)[:, None] * np.float32(rng.uniform(-1.5, 1.5))
        edge = np.clip((x + lean) / np.float32(rng.uniform(4, 60)) + np.float32(0.5), 0, 1)
        lamp = lamp * (1 - np.float32(shadow) * edge)
    ground = float(np.median(sheet))
    paper = max(ground, 1 - ground)  # as light as the ground of a negative is dark
    gain = max(1.0, EXPOSED / (float(np.median(lamp)) * paper)) if lamp.size > 1 else 1.0
    return np.asarray(sheet * lamp * gain, dtype=np.float32)


def _optics(light: Float32Array, ranges: Camera, rng: Rng) -> Float32Array:
    """Focus and movement."""
    blur, shake = ranges.blur.draw(rng), ranges.shake.draw(rng)
    if blur:
        light = distort.blurred(light, blur)
    if shake >= 1:
        light = np.asarray(cv2.blur(light, (round(shake) + 1, 1)), dtype=np.float32)
    return light


def _scaled(light: Float32Array, least: float, ranges: Camera, rng: Rng) -> Float32Array:
    """At the resolution of the picture, which is never below ``least``."""
    scale = max(ranges.scale.draw(rng), min(least, 1.0))
    if scale == 1:
        return light
    size = (max(1, round(light.shape[1] * scale)), max(1, round(light.shape[0] * scale)))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(light, size, interpolation=kernel), dtype=np.float32)


def _sensor(light: Float32Array, ranges: Camera, rng: Rng) -> Float32Array:
    """Exposure, contrast, noise, sharpening."""
    gamma, contrast = ranges.gamma.draw(rng), ranges.contrast.draw(rng)
    if gamma != 1:
        light = np.asarray(cv2.pow(np.clip(light, 0, 1), gamma), dtype=np.float32)
    if contrast != 1:
        light = (light - np.float32(0.5)) * np.float32(contrast) + np.float32(0.5)
    noise = ranges.noise.draw(rng)
    if noise:
        light = light + rng.standard_normal(light.shape, dtype=np.float32) * np.float32(noise)
    sharpening = ranges.sharpening.draw(rng)
    if sharpening:
        light = light + np.float32(sharpening) * (light - distort.blurred(light, 1.2))
    return light


def _bilevel(grey: Grey, threshold: float, ranges: Camera, rng: Rng) -> Grey:
    """Black and white, at ``threshold`` between the greys of ink and of the paper around it."""
    ink, paper = np.percentile(grey, (2, 80))
    contrast = 1 - float(ink) / max(1.0, float(paper))
    window = np.ones((PAPER_WINDOW, PAPER_WINDOW), dtype=np.uint8)
    smooth = cv2.GaussianBlur(grey, (0, 0), GRAIN)  # else the lightest grain is taken for paper
    around = cv2.blur(cv2.dilate(smooth, window), (PAPER_WINDOW, PAPER_WINDOW))
    level = around * np.float32(1 - (1 - threshold) * contrast)
    light = np.asarray(grey > level, dtype=np.float32)
    density = ranges.specks.draw(rng)
    if density:
        light = distort.with_specks(light, density, rng)
    return np.asarray(light * 255, dtype=np.uint8)
