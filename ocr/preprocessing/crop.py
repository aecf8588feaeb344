"""Page image + line -> the image of the line alone, as training and recognition see it.

The crop follows the line's polygon in its frame (see ``ocr.geometry``). Outside the polygon lies
paper: one value, the median of the ink inside it, since most of a line is paper. Where the
polygon reaches beyond the page, the page's last pixels are repeated.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from ocr.errors import ImageError
from ocr.geometry import Frame, bounds, frame_of
from ocr.types import Float32Array, Line

SUBPIXEL_BITS = 4  # the polygon is filled at 1/16 px
LONGEST_SIDE = 32_767  # px; OpenCV counts the pixels it resamples in 16 bits


def crop_line(page: Float32Array, line: Line) -> Float32Array:
    """Cut a line out of its page.

    page  (H, W) float32 ink, as ``load_image`` gives it
    Returns (frame height, frame width) float32 ink. Raises ImageError where the line has no
    pixel on the page or is larger than the page.
    """
    frame = frame_of(line)
    size = max(frame.width, frame.height)
    pixels = f"line {line.id} is {frame.width} x {frame.height} pixels"
    if size > 2 * sum(page.shape):
        raise ImageError(f"{pixels}, larger than its page", "correct its outline")
    if size > LONGEST_SIDE:
        raise ImageError(f"{pixels}, at most {LONGEST_SIDE:,} are possible", "scale the page down")
    inside = _mask(frame, line)
    cut = _cut(page, frame)
    if cut is None or not inside.any():
        raise ImageError(f"line {line.id} lies outside its page", "correct its outline")
    return np.where(inside, cut, np.median(cut[inside]))


def _mask(frame: Frame, line: Line) -> npt.NDArray[np.bool_]:
    """(height, width): the pixels of the frame within the line's polygon."""
    points = np.array([frame.from_page(point) for point in line.polygon]) - 0.5  # to centres
    mask = np.zeros((frame.height, frame.width), np.uint8)
    shifted = np.rint(points * 2**SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [shifted], (1,), shift=SUBPIXEL_BITS)
    return mask > 0


def _cut(page: Float32Array, frame: Frame) -> Float32Array | None:
    """(height, width): the page within the frame; None where the two do not meet.

    Only the part of the page around the frame is handed to OpenCV, whose sides are limited.
    """
    corners = bounds(frame.rectangle((0, 0, frame.width, frame.height)))
    left, top = (max(0, math.floor(edge) - 1) for edge in corners[:2])
    right, bottom = (math.ceil(edge) + 1 for edge in corners[2:])
    part = page[top : max(top, bottom), left : max(left, right)]
    if part.size == 0:
        return None
    cos, sin = frame.direction
    x, y = frame.to_page((0.5, 0.5))  # centre of the crop's first pixel
    matrix = np.array([[cos, -sin, x - 0.5 - left], [sin, cos, y - 0.5 - top]])
    pixels = cv2.warpAffine(
        part,
        matrix,
        (frame.width, frame.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(pixels, np.float32)
