"""Line or page: what an image shows, told by its height in text heights and by what is on it.

A line is 2 to 5 text heights high, 7 with slices of its neighbours. A page is 50 or more. Between
them lie crops of a lone figure, whose height tells nothing, and paragraphs and title pages: there
the lines are counted.
"""

from __future__ import annotations

from ocr.geometry import bounds
from ocr.preprocessing.paper import upright_polarity
from ocr.preprocessing.scaling import resized
from ocr.preprocessing.segment import segment
from ocr.preprocessing.segmentation.contrast import soft_ink
from ocr.preprocessing.segmentation.rules import find_rules
from ocr.preprocessing.segmentation.scale import body_height
from ocr.types import Float32Array

HIGHEST_LINE = 7.0  # text heights
ROOM = 6.0  # times as high as its line, an image is a page that is nearly blank
FEWEST_LINES = 3  # of a paragraph; a crop may show slices of the lines above and below
SMALLEST_PAGE = 96  # px; three lines of the smallest text that can be read are higher
PAGE_SIDE = 500  # px; a whole page has no shorter side, at 60 dpi already
JUDGED_SIDE = 1200  # px of the longer side to which pages are reduced
BODY_SHARE = 0.25  # of a line's height, about, is its text height


def is_page(ink: Float32Array) -> bool:
    """Whether an image, (H, W) float32 ink, is a page and not a single line.

    Of 31 pages, of 644 lines cut out of them at the size of the scan, and of 57,756 small images
    of lines none is misjudged (``scripts/bench/kind.py``).
    """
    if min(ink.shape) < SMALLEST_PAGE or 0 < _in_text_heights(ink) <= HIGHEST_LINE:
        return False
    if min(ink.shape) >= PAGE_SIDE:
        return True
    lines = segment(ink)
    boxes = [bounds(line.polygon) for line in lines]
    highest = max((bottom - top for _, top, _, bottom in boxes), default=0)
    return len(lines) >= FEWEST_LINES or 0 < highest < len(ink) / ROOM


def _in_text_heights(ink: Float32Array) -> float:
    """The height of the image, if it is a line's, in heights of its text; 0 without text."""
    height, width = ink.shape
    factor = min(1.0, JUDGED_SIDE / max(height, min(width, 8 * height)))
    small = upright_polarity(resized(ink, factor))
    guess = BODY_SHARE * len(small)
    soft = soft_ink(small, guess)
    soft[find_rules(soft, guess)[0]] = 0  # what a line is written on is no text of its own
    body = body_height(soft)
    return 0.0 if body is None else len(small) / body
