"""Page -> soft ink: text 1, paper and everything dark that is no writing 0.

Paper is what a grey closing wider than any stroke leaves. It follows shadows and, unlike a
median, the straight edge of a dark table or book cover, which therefore shows no contrast.
Ink is judged against one threshold for the whole page (Otsu 1979): writing that shines through
from the other side is fainter than that of this one.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

STROKE = 3.0  # text heights; no stroke of writing is as thick, no shadow's edge as sharp
MASS = 1.0  # text heights; what is solid over so much both ways is a hole, a seal or a table top
DARK = 0.5  # of the page's white: darker paper is the surroundings of the page
PICTURE = 12.0  # text heights, both ways, of a dark part that is more than a shaded row
WHITE = 90  # percentile of the paper's brightness
LEAST_THRESHOLD = 0.04  # contrast of the faintest pencil to be told from grain


def soft_ink(ink: Float32Array, body: float) -> Float32Array:
    """(H, W) ink as loaded -> (H, W) float32: 0 paper, 1 writing, between them at its edges.

    body  height of the text in pixels; half or twice as much does little harm
    """
    paper = cv2.morphologyEx(
        1 - ink, cv2.MORPH_CLOSE, _square(STROKE * body), borderType=cv2.BORDER_REPLICATE
    )
    darkest = max(DARK * float(np.percentile(paper, WHITE)), 1 / 255)
    contrast = np.clip((paper + ink - 1) / np.maximum(paper, darkest), 0, 1).astype(np.float32)
    contrast = np.maximum(contrast - np.median(contrast), 0)  # the closing lies above the grain
    dark = paper < darkest
    threshold = max(_otsu(contrast[~dark]), LEAST_THRESHOLD)
    soft = np.clip(contrast / threshold - 0.5, 0, 1)
    soft[_masses((soft > 0.5) | _without_rows(dark, body), body)] = 0
    return np.asarray(soft, np.float32)


def _without_rows(dark: npt.NDArray[np.bool_], body: float) -> npt.NDArray[np.bool_]:
    """The dark parts that reach the edge of the image, or are as large as pictures: neither the
    surroundings of the page nor a photograph is a shaded row of a table."""
    if not dark.any():
        return dark
    seen = dark.astype(np.uint8)
    _, parts = cv2.connectedComponents(seen)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    large = cv2.morphologyEx(seen, cv2.MORPH_OPEN, _square(PICTURE * body))
    return np.asarray(dark & (np.isin(parts, edge[edge > 0]) | (large > 0)))


def _otsu(contrast: Float32Array) -> float:
    """The threshold between two classes of values in 0..1; 0 where there are none."""
    if contrast.size == 0:
        return 0.0
    levels = np.round(255 * contrast).astype(np.uint8).reshape(-1, 1)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(threshold) / 255


def _masses(mask: npt.NDArray[np.bool_], body: float) -> npt.NDArray[np.bool_]:
    """The parts of the mask that are solid, with a rim around them."""
    window = _square(MASS * body)
    rim = len(window)
    padded = np.pad(mask.astype(np.uint8), rim, mode="edge")
    solid = cv2.dilate(cv2.morphologyEx(padded, cv2.MORPH_OPEN, window), window)
    return np.asarray(solid[rim:-rim, rim:-rim] > 0)


def _square(side: float) -> npt.NDArray[np.uint8]:
    size = max(2, round(side))
    return np.ones((size, size), np.uint8)
