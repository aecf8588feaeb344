"""What may stand around a line in its image, put around lines that have none of it.

Each takes and returns a grey picture, (H, W) uint8, 0 black and 255 white.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

RULE = 0.04  # thickness of a ruled line, of the picture's height
INK = 40  # its tone


def margin(picture: Picture) -> Picture:
    """Half a line height more of the same paper on every side."""
    return _padded(picture, int(np.median(picture)))


def paper(picture: Picture) -> Picture:
    """Ten line heights more of the same paper on the right, with the grain of its edges."""
    height, width = picture.shape
    edges = np.concatenate([picture[:2].ravel(), picture[-2:].ravel()])
    grain = np.random.default_rng(width).choice(edges, (height, 10 * height))
    return np.concatenate([picture, cv2.GaussianBlur(grain, (0, 0), 1)], axis=1)


def white(picture: Picture) -> Picture:
    """As much of white."""
    return _padded(picture, 255)


def black(picture: Picture) -> Picture:
    """As much of black."""
    return _padded(picture, 0)


def mask(picture: Picture) -> Picture:
    """Black outside an outline that comes within a sixth of the height of the edges."""
    height, width = picture.shape
    inset = height * (0.1 + 0.06 * np.sin(np.arange(width) / height))
    rows = np.arange(height)[:, None]
    return np.where((rows < inset) | (rows >= height - inset), 0, picture).astype(np.uint8)


def turned(picture: Picture) -> Picture:
    """Turned by two degrees, white in the corners."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1)
    wide, high = (
        int(np.ceil(a * abs(turn[0, 0]) + b * abs(turn[0, 1])))
        for a, b in ((width, height), (height, width))
    )
    turn[:, 2] += ((wide - width) / 2, (high - height) / 2)
    return np.asarray(cv2.warpAffine(picture, turn, (wide, high), borderValue=255), np.uint8)


def underlined(picture: Picture) -> Picture:
    """A rule below the letters."""
    result, thick = picture.copy(), _rule(picture)
    top = round(0.82 * len(picture))
    result[top : top + thick] = np.minimum(result[top : top + thick], INK)
    return result


def cell(picture: Picture) -> Picture:
    """Rules along all four edges."""
    result, thick = picture.copy(), _rule(picture)
    result[:thick] = result[-thick:] = result[:, :thick] = result[:, -thick:] = INK
    return result


def negative(picture: Picture) -> Picture:
    """White on black."""
    return 255 - picture


SURROUNDINGS: dict[str, Callable[[Picture], Picture]] = {
    function.__name__: function
    for function in (margin, paper, white, black, mask, turned, underlined, cell, negative)
}


def _padded(picture: Picture, tone: int) -> Picture:
    return np.pad(picture, len(picture) // 2, constant_values=tone)


def _rule(picture: Picture) -> int:
    return max(1, round(RULE * len(picture)))
