"""Smaller and larger copies of an image."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Float32Array


def resized(image: Float32Array, factor: float) -> Float32Array:
    """(H, W) -> about (factor H, factor W), no side below 1."""
    height, width = image.shape
    size = max(1, round(width * factor)), max(1, round(height * factor))
    kernel = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=kernel), np.float32)
