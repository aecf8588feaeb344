"""Training lines and validation lines: by page where there are enough pages, else by line.

Every page has a number in [0, 1) that depends on its name and the seed alone; validation takes
those below its share. Hence pages that are added later leave the old ones where they are. Two
bounds correct this where chance or large pages miss the share by far: validation gets between
half of its share and twice its share, and never eats more than half of what is training's.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ocr.errors import UsageError
from ocr.files.names import image_stem, line_stem, page_fragment
from ocr.types import Sample

PAGES_NEEDED = 10
"""Fewest pages to split by page: with fewer, one page is more than twice a share of 5 %."""
ROUNDING = 1e-9
"""Slack in lines, so that exactly twice a share is allowed in floating point too."""

_LINE = r"(?:line|ligne|zeile|tl|l)[-_]?\d+"
_REGION = r"(?:region|reg|tr|r)[-_]?\d+[-_]?"
PAGE_RULES = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        # <page>.<hash>, the hash in hexadecimal: a006.41c46eede3
        r"(?:^|/)(?P<page>[^/]+)\.[0-9a-f]{8,40}$",
        # <page>__<line> and <page>__<line>__<region>__<number>, OCR4all: 0001__003
        r"(?:^|/)(?P<page>[^/]+?)__\d+(?:__[a-z-]+__\d+)?$",
        # <page>_line_<n>, <page>-l<n>, <page>-r<n>l<n>, or a folder per page: 0001/line_3
        rf"(?:^|/)(?P<page>[^/]+?)[-_. /](?:{_REGION})?{_LINE}$",
        # <page>/01<four hex digits>, ocropus and kraken: 0001/010001, 0001/01001f
        r"(?P<page>[^/]+)/01[0-9a-f]{4}$",
        # <page>/<n>, the folder's name ending in a digit: page_0001/003
        r"(?P<page>[^/]*\d)/\d+$",
        # <page>-<n>, <page>_<n>: one to three digits after a part that ends in a digit and
        # perhaps a letter, IAM: a01-000u-03; tesstrain: ruhe01_1852_0018_022
        r"(?:^|/)(?P<page>[^/]*\d[a-z]?)[-_]\d{1,3}$",
    )
)
"""Tried in order on ``folder/name`` without the image's suffix; the first that fits decides.

Where a name is ambiguous, a rule may take two pages for one; that keeps all lines of a page on
one side, whereas the opposite error would not."""


Lines = tuple[Sample, ...]


def page_of(sample: Sample) -> str:
    """The page a line comes from: its page image, else by ``PAGE_RULES``, else its own name."""
    name = _stem(sample)
    if sample.line is not None:
        return name + page_fragment(sample.index)
    for rule in PAGE_RULES:
        match = rule.search(name)
        if match:
            return match["page"]
    return name.rpartition("/")[2]


def split_samples(samples: Iterable[Sample], share: float, seed: int) -> tuple[Lines, Lines]:
    """Lines to train on and to validate with, each sorted by id, about ``share`` (0 <= share < 1)
    of them to validate with.

    Whole pages if there are at least PAGES_NEEDED and a set of them meets the bounds, else
    single lines; the same image with the same text is one line however often it occurs. With a
    share above 0 and at least two different lines, neither side is empty. The order of
    ``samples`` does not matter. Raises UsageError for another share.
    """
    if not 0 <= share < 1:
        raise UsageError(f"a validation share of {share} is not possible", "give 0 to 0.9")
    lines = sorted(samples, key=lambda sample: (sample.id, str(sample.image), sample.text))
    if share == 0:
        return tuple(lines), ()
    keys = [page_of(sample) for sample in lines]
    chosen = _choose(keys, share, seed) if len(set(keys)) >= PAGES_NEEDED else set()
    if not chosen:
        keys = [_line_key(sample) for sample in lines]
        chosen = _choose(keys, share, seed) or _smallest(keys, seed)
    paired = list(zip(lines, keys, strict=True))
    train = tuple(line for line, key in paired if key not in chosen)
    return train, tuple(line for line, key in paired if key in chosen)


def _choose(keys: Sequence[str], share: float, seed: int) -> set[str]:
    """Groups of lines (a line's group is its key) for validation; empty if none fits.

    Small groups come first, each class in the order of its numbers. A group is taken if its
    number is below the share, or if validation has not yet half of its share.
    """
    sizes = Counter(keys)
    if len(sizes) < 2:
        return set()
    budget = share * len(keys)  # lines
    least, most = budget / 2, max(1.0, min(2 * budget, (budget + len(keys)) / 2))
    chosen: set[str] = set()
    lines = 0
    for key in sorted(sizes, key=lambda key: (sizes[key] > budget, number(key, seed), key)):
        wanted = lines < least or (number(key, seed) < share and sizes[key] <= budget)
        if wanted and lines + sizes[key] <= most + ROUNDING:
            chosen.add(key)
            lines += sizes[key]
    return chosen if lines >= least else set()


def _smallest(keys: Sequence[str], seed: int) -> set[str]:
    """One smallest group, unless it is the only one: for lines that are mostly copies."""
    sizes = Counter(keys)
    if len(sizes) < 2:
        return set()
    return {min(sizes, key=lambda key: (sizes[key], number(key, seed), key))}


def number(key: str, seed: int) -> float:
    """A number in [0, 1), evenly spread over keys, from BLAKE2b (RFC 7693) of seed and key."""
    data = f"{seed}\t{key}".encode("utf-8", "backslashreplace")
    digest = hashlib.blake2b(data, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53  # 53 bits: a float64 holds them exactly


def _stem(sample: Sample) -> str:
    """``folder/name`` of the image without suffix and variant; the rest of the path may move."""
    name = sample.image.name
    return f"{sample.image.parent.name}/{line_stem(image_stem(name) or name)}"


def _line_key(sample: Sample) -> str:
    crop = sample.line.id if sample.line is not None else ""
    return "\t".join((_stem(sample) + page_fragment(sample.index), crop, sample.text))
