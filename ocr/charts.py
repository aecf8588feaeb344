"""Curves as SVG elements for an HTML page, which gives the classes their colours.

Both charts run from 0 to 1 in either direction, with a diagonal to compare with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ocr.confidence import Bin

SIDE = 240  # px, of the square that 0..1 fills
LEFT, TOP, BOTTOM, RIGHT = 44, 8, 40, 8  # px, room for what stands around it
LARGEST_POINT = 11.0  # px, the radius of a point that stands for everything
SHARES = tuple(step / 20 for step in range(21))  # of the lines, for the errors' curve


def reliability_diagram(bins: Sequence[Bin]) -> str:
    """Share that was right over confidence, a point per bin, its area the bin's characters."""
    total = sum(entry.count for entry in bins)
    points = "".join(
        f'<circle class="point" cx="{_x(entry.confidence)}" cy="{_y(entry.right)}" '
        f'r="{max(1.5, LARGEST_POINT * math.sqrt(entry.count / total)):.1f}">'
        f"<title>{entry.count:,} characters of confidence {entry.confidence:.3f}: "
        f"{100 * entry.right:.1f} % right</title></circle>"
        for entry in bins
    )
    curve = _curve((entry.confidence, entry.right) for entry in bins)
    return _chart("confidence", "characters that were right", curve + points)


def errors_curve(removed: Sequence[float]) -> str:
    """Errors removed over lines corrected; ``removed`` are the values for ``SHARES``."""
    curve = _curve(zip(SHARES, removed, strict=True))
    return _chart("lines corrected, least confident first", "errors removed", curve)


def _chart(across: str, upwards: str, content: str) -> str:
    width, height = LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM
    middle = TOP + SIDE / 2
    ticks = "".join(
        f'<text x="{_x(value)}" y="{TOP + SIDE + 15}" text-anchor="middle">{100 * value:.0f}</text>'
        f'<text x="{LEFT - 5}" y="{float(_y(value)) + 4:.1f}" text-anchor="end">'
        f"{100 * value:.0f}</text>"
        for value in (0.0, 0.5, 1.0)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{upwards} by {across}">'
        f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>'
        f'<path class="chance" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>{ticks}{content}'
        f'<text x="{LEFT + SIDE / 2}" y="{height - 6}" text-anchor="middle">{across}, %</text>'
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        f"{upwards}, %</text></svg>"
    )


def _curve(points: Iterable[tuple[float, float]]) -> str:
    steps = " ".join(f"{_x(across)},{_y(upwards)}" for across, upwards in points)
    return f'<polyline class="curve" points="{steps}"/>'


def _x(value: float) -> str:
    return f"{LEFT + SIDE * value:.1f}"


def _y(value: float) -> str:
    return f"{TOP + SIDE * (1 - value):.1f}"
