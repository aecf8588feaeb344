"""The name that was probably meant where a file is missing."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterable

from ocr.files.names import TEXT_SUFFIX, image_stem

SIMILAR = 0.8
"""Least difflib ratio, 0..1, at which a name is offered as the one that was meant."""
NEIGHBOURS = 100
"""Names compared on each side of the sorted place, so that a large folder stays fast."""
SUGGESTIONS = 100
"""Most suggestions per folder; whoever has more missing files has another kind of error."""


class Suggestions:
    """Names that may be what a missing name was meant to be; suffixes do not count."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {_bare(name): name for name in sorted(names)}
        self._stems = sorted(self._names)
        self._left = SUGGESTIONS

    def nearest(self, name: str) -> str | None:
        """The most similar name, or None if none is similar or enough have been given."""
        if self._left == 0:
            return None
        self._left -= 1
        stem = _bare(name)
        place = bisect_left(self._stems, stem)
        window = self._stems[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
        matches = difflib.get_close_matches(stem, window, n=1, cutoff=SIMILAR)
        return self._names[matches[0]] if matches else None


def _bare(name: str) -> str:
    for suffix in (TEXT_SUFFIX, ".txt"):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return image_stem(name) or name
