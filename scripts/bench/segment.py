"""How well the lines of pages are found, and what that costs in reading them.

    python scripts/bench/segment.py PAGES [--model MODEL] [--overlay FOLDER] [--lines-only]

PAGES holds ``hand/<collection>/`` and ``print/<collection>/`` with images and beside each its
PAGE or ALTO file, or only its text. Segmentation was tuned on the pages whose names hash even
(``dev``); the others (``held``) show what it is worth.

A line is found where the band around its baseline, ``BAND`` line distances to either side, and
that of a found line, both as sets of pixels, have at least half of their union in common (IoU);
each line counts once. F1 is the harmonic mean of the found lines' share that is right and the
given lines' share that is found.

CER is that of the whole page's text in its order. ``given`` reads the given lines, ``found`` the
found ones. ``ordered`` puts these in the order of the given ones, for many transcriptions are not
in that of reading. ``aligned`` gives each found line to the given one that it lies on, and so
leaves out as well what lies on none, whose characters are ``beyond``, as a share of the page's:
many pages have stamps, notes and headings that their transcription leaves out. Pages of which
only the text is known have no part in the sums at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ocr.files.atomic import write_atomically
from ocr.files.names import image_stem
from ocr.formats.pagefile import read_page
from ocr.geometry import bounds
from ocr.metrics import edit_counts
from ocr.preprocessing import columns_of
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import load_image
from ocr.preprocessing.overlay import overlay
from ocr.preprocessing.segment import segment
from ocr.recognition import Recognizer, load_model
from ocr.types import Float32Array, Line

BAND = 0.4  # line distances: bands of neighbours do not touch
BAND_PIXELS = 16  # per line distance, when bands are compared
LEAST_IOU = 0.5
ON_A_LINE = 0.25  # share of a found line's band that lies on a given one, at least
ABOVE_THE_FEET = {"eng_ehri_typed": 0.34}
"""Collections whose baselines are not at the letters' feet: line distances above them."""
NONE = -1
HEAD = ("pages of", "half", "pages", "lines", "P", "R", "F1", "given", "found", "ordered",
        "aligned", "beyond")  # fmt: skip

Pixels = npt.NDArray[np.int64]  # sorted indices of the pixels of a band


@dataclass
class Score:
    """Counts, which add up over pages. Edits and characters are of the pages' texts."""

    pages: int = 0
    given: int = 0
    found: int = 0
    right: int = 0
    edits: dict[str, int] = field(default_factory=dict)
    characters: dict[str, int] = field(default_factory=dict)
    beyond: int = 0

    def add(self, other: Score) -> None:
        self.pages += other.pages
        self.given += other.given
        self.found += other.found
        self.right += other.right
        self.beyond += other.beyond
        for own, more in ((self.edits, other.edits), (self.characters, other.characters)):
            for name, count in more.items():
                own[name] = own.get(name, 0) + count

    def row(self) -> str:
        precision, recall = (self.right / max(1, n) for n in (self.found, self.given))
        f1 = 2 * self.right / max(1, self.found + self.given)
        lines = f"{precision:.3f} | {recall:.3f} | {f1:.3f}" if self.given else "- | - | -"
        rates = [self._rate(name) for name in ("given", "found", "ordered", "aligned")]
        beyond = 100 * self.beyond / max(1, self.characters.get("aligned", 0))
        return f"{self.pages} | {self.given} | {lines} | {' | '.join(rates)} | {beyond:.1f}"

    def _rate(self, name: str) -> str:
        if not self.characters.get(name):
            return "-"
        return f"{100 * self.edits[name] / self.characters[name]:.1f}"

    def count(self, name: str, reference: str, reading: str) -> None:
        edits = edit_counts(reference, reading)
        self.edits[name] = self.edits.get(name, 0) + edits.count
        self.characters[name] = self.characters.get(name, 0) + edits.length


def half(image: Path) -> str:
    return "held" if int(hashlib.sha256(image.stem.encode()).hexdigest(), 16) % 2 else "dev"


def line_distance(lines: Sequence[Line]) -> float:
    """The median distance from a baseline to the next one below it, in pixels."""
    points = [np.array(line.baseline or line.polygon) for line in lines]
    gaps = []
    for own in points:
        left, right = own[:, 0].min(), own[:, 0].max()
        below = [
            other[:, 1].mean() - own[:, 1].mean()
            for other in points
            if min(right, other[:, 0].max()) - max(left, other[:, 0].min()) > 0.3 * (right - left)
        ]
        gaps += [min(gap for gap in below if gap > 0)] if max(below, default=0) > 0 else []
    if not gaps:  # no line below another: as high as the outlines
        gaps = [max(float(np.ptp(np.array(line.polygon)[:, 1])) for line in lines)]
    return float(np.median(gaps))


def bands(lines: Sequence[Line], distance: float, shape: tuple[int, int]) -> list[Pixels]:
    """The pixels of each line's band, on a grid of ``BAND_PIXELS`` per line distance."""
    factor = BAND_PIXELS / distance
    size = round(shape[0] * factor) + BAND_PIXELS, round(shape[1] * factor) + BAND_PIXELS
    reach = np.array([0, BAND * BAND_PIXELS])
    pixels = []
    for line in lines:
        left, _, right, bottom = bounds(line.polygon)
        baseline = np.array(line.baseline or ((left, bottom), (right, bottom))) * factor
        edge = np.concatenate([baseline - reach, (baseline + reach)[::-1]])
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [np.rint(edge * 16).astype(np.int32)], (1,), shift=4)
        pixels.append(np.flatnonzero(mask))
    return pixels


def common(given: Sequence[Pixels], found: Sequence[Pixels]) -> npt.NDArray[np.int64]:
    """(given, found): pixels that two bands have in common."""
    counts = [[np.intersect1d(a, b, assume_unique=True).size for b in found] for a in given]
    return np.array(counts, np.int64).reshape(len(given), len(found))


def matches(given: Sequence[Pixels], found: Sequence[Pixels]) -> int:
    """How many bands agree, the best pairs first."""
    shared = common(given, found).astype(float)
    sizes = np.array([[a.size] for a in given]) + np.array([[b.size for b in found]])
    iou = shared / np.maximum(1, sizes - shared) if shared.size else shared
    count = 0
    while iou.size and iou.max() >= LEAST_IOU:
        row, column = np.unravel_index(int(iou.argmax()), iou.shape)
        iou[row], iou[:, column] = 0, 0
        count += 1
    return count


def read(model: Recognizer, ink: Float32Array, lines: Sequence[Line]) -> list[str]:
    inks = (crop_line(ink, line) for line in lines)
    columns = [columns_of(crop, model.spec.preprocessing) for crop in inks]
    return [transcript.text for transcript in model.recognize_columns(columns)]


def measure(image: Path, model: Recognizer | None, pictures: Path | None) -> Score:
    """One page; without a page file only the text of the whole page is compared."""
    ink = load_image(image)
    found = segment(ink)
    if pictures is not None:
        write_atomically(pictures / f"{image.parent.name}-{image.stem}.png", overlay(ink, found))
    score = Score(pages=1)
    texts = read(model, ink, found) if model else []
    if not image.with_suffix(".xml").is_file():
        if model is not None:
            score.count("found", image.with_suffix(".txt").read_text("utf-8"), " ".join(texts))
        return score
    given = read_page(image.with_suffix(".xml")).transcript.page.lines
    distance = line_distance(given)
    raised = ABOVE_THE_FEET.get(image.parent.name, 0.0) * distance
    moved = [
        Line(line.id, line.polygon, tuple((x, y - raised) for x, y in line.baseline))
        for line in found
    ]
    given_bands, found_bands = (bands(lines, distance, ink.shape) for lines in (given, moved))
    score.given, score.found = len(given), len(found)
    score.right = matches(given_bands, found_bands)
    if model is not None:
        written = [line for line in given if line.text]
        reference = " ".join(line.text or "" for line in written)
        score.count("given", reference, " ".join(read(model, ink, written)))
        score.count("found", reference, " ".join(texts))
        own = owners(common(given_bands, found_bands), found_bands)
        score.count("ordered", reference, " ".join(in_order(texts, own)))
        align(score, given, texts, own)
    return score


def owners(shared: npt.NDArray[np.int64], found_bands: Sequence[Pixels]) -> list[int]:
    """For each found line the index of the given one that it lies on, or ``NONE``.

    shared  (given, found) pixels in common
    """
    most = shared.argmax(axis=0)
    sizes = [ON_A_LINE * band.size for band in found_bands]
    return [int(index) for index in np.where(shared.max(axis=0) < sizes, NONE, most)]


def in_order(texts: Sequence[str], own: Sequence[int]) -> list[str]:
    """The found lines' texts in the order of the given ones; what lies on none of them stays
    behind the line that it was found after."""
    places: list[int] = []
    for index in own:
        places.append(places[-1] if index == NONE and places else index)
    return [texts[number] for number in sorted(range(len(texts)), key=places.__getitem__)]


def align(score: Score, given: Sequence[Line], texts: Sequence[str], own: Sequence[int]) -> None:
    """Give each found line's text to the given line that it lies on, and count."""
    parts: dict[int, list[str]] = {}
    for text, index in zip(texts, own, strict=True):
        parts.setdefault(index, []).append(text)
    score.beyond += sum(map(len, parts.get(NONE, [])))
    for number, line in enumerate(given):
        if line.text:
            score.count("aligned", line.text, " ".join(parts.get(number, [])))


def images(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*/*/*")):
        if image_stem(path.name) is not None:
            yield path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--overlay", type=Path, metavar="FOLDER")
    parser.add_argument("--lines-only", action="store_true")
    asked = parser.parse_args()
    model = None if asked.lines_only else load_model(asked.model)
    files = list(images(asked.pages))
    if not files:
        sys.exit(f"there is no image in {asked.pages}/*/*/")
    totals: dict[tuple[str, str], Score] = {}
    print(f"| {' | '.join(HEAD)} |")
    print("|" + "---|" * len(HEAD))
    for (kind, name), group in groupby(files, key=lambda path: path.parts[-3:-1]):
        halves: dict[str, Score] = {}
        for image in group:
            score = measure(image, model, asked.overlay)
            halves.setdefault(half(image), Score()).add(score)
            for key in (half(image), "all") if score.given else ():
                totals.setdefault((kind, key), Score()).add(score)
        for key, score in sorted(halves.items()):
            print(f"| {kind}/{name} | {key} | {score.row()} |", flush=True)
    for (kind, key), score in sorted(totals.items()):
        print(f"| {kind} | {key} | {score.row()} |")


if __name__ == "__main__":
    main()
