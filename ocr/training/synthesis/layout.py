"""A text and a face -> a line of ink: where every word or letter stands.

Lengths are in px, or in x-heights ("x"), which is what the eye and the normalisation measure a
line by; the x-height of the page is about that of a line of 48 px, so no detail is drawn that
the network could not see. Words run from left to right.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.training.ranges import NEVER, Amount
from ocr.training.synthesis.chance import Rng, pick
from ocr.training.synthesis.faces import Face
from ocr.types import Float32Array

# x; faces with tiny small letters and huge capitals are set smaller than by their x-height.
LARGEST_EM = 3.2
# Share of the mean gap that a narrow one keeps: else two words are one.
NARROWEST = 0.7
# Columns of a row after the first, where every gap is wide.
MOST_COLUMNS = 5
# Set together with letters: faces join other signs into ones that say something else, -> into an
# arrow.
JOINING = "_.,;:!?()'\"\u2019"
# x; blank paper around the ink, so that bending the line loses nothing.
MARGIN = 1.6


@dataclass(frozen=True, slots=True)
class Layout:
    """How words and letters are set; ranges at strength 1, lengths in x-heights.

    separate  share of lines set letter by letter, without the face's kerning and joins
    mixed     share of lines whose beginning is in another face of the family
    """

    x_height: tuple[float, float] = (15.5, 18.5)  # px
    word_gap: tuple[float, float] | None = None  # None: the face's own space
    gap_jitter: Amount = NEVER  # from gap to gap
    tab: Amount = NEVER  # a wide gap in the line, as between columns
    row: float = 0.0  # share of lines whose further gaps, if they are few, are as wide
    letter_gap: Amount = NEVER  # spaced letters; they are then set one by one
    separate: float = 0.0
    key_shift: Amount = NEVER  # every letter's own height: a bent type bar
    jitter: Amount = NEVER  # of each letter, or of each word where words are set whole
    size_jitter: Amount = NEVER  # share of the size, likewise
    faintness: Amount = NEVER  # ink that a letter or word lacks: an uneven touch
    mixed: float = 0.0
    underline: Amount = NEVER  # thickness of a line below some of the words


@dataclass(frozen=True, slots=True)
class Written:
    """A line of ink on bare paper.

    ink       (H, W) float32 0..1, with a margin of blank paper
    baseline  px from the top
    x_height  px
    """

    ink: Float32Array
    baseline: float
    x_height: float

    def __post_init__(self) -> None:
        if self.ink.ndim != 2 or not 0 < self.baseline < self.ink.shape[0]:
            raise ValueError(f"a baseline at {self.baseline} in an image {self.ink.shape}")


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Letters that are printed together: their place in px from the line's start and from the
    baseline (down), and their ink 0..1."""

    text: str
    font: ImageFont.FreeTypeFont
    x: float
    y: float
    ink: float


def parts_of(word: str, separate: bool) -> list[str]:
    """What is set at once: letters and the signs that join them, or with ``separate`` each by
    itself. A combining mark stays with the character before it, without which it is drawn on a
    dotted circle."""
    parts: list[str] = []
    joined = False
    for character in word:
        is_mark = unicodedata.category(character).startswith("M")
        joins = not separate and (is_mark or character.isalnum() or character in JOINING)
        if parts and (is_mark or (joins and joined)):
            parts[-1] += character
        else:
            parts.append(character)
        joined = joins
    return parts


class Typesetter:
    """One line's drawn layout, so that its neighbours are set alike.

    faces  the line's, and the one for a beginning in another face (or the same again)
    """

    def __init__(self, faces: Sequence[Face], layout: Layout, rng: Rng) -> None:
        def px(amount: Amount) -> float:
            return self.x_height * amount.draw(rng)

        self.x_height = float(rng.uniform(*layout.x_height))
        # What the eye sees of a face that is set smaller for its capitals' sake.
        self.drawn_x_height = self.x_height * min(1.0, LARGEST_EM * faces[0].x_height)
        spread = layout.size_jitter.draw(rng)
        sizes = (1 - spread, 1.0, 1 + spread) if spread else (1.0,)
        self.fonts = [[_font(face, self.x_height * size) for size in sizes] for face in faces]
        self.word_gap = self.fonts[0][0].getlength(" ")
        if layout.word_gap is not None:
            self.word_gap = self.x_height * float(rng.uniform(*layout.word_gap))
        self.gap_jitter, self.letter_gap = px(layout.gap_jitter), px(layout.letter_gap)
        self.separate = bool(self.letter_gap) or rng.random() < layout.separate
        self.key_shift, self.jitter = px(layout.key_shift), px(layout.jitter)
        self.faintness = layout.faintness.draw(rng)
        self.tab, self.underline = px(layout.tab), px(layout.underline)
        self.mixed, self.row = (rng.random() < share for share in (layout.mixed, layout.row))

    def write(self, text: str, rng: Rng) -> Written:
        """``text`` (normal form, not empty) as ink."""
        stamps: list[_Stamp] = []
        words = text.split(" ")
        spans: list[tuple[float, float]] = []
        tab = int(rng.integers(1, len(words))) if self.tab and len(words) > 1 else 0
        tabs = range(tab, len(words) if self.row and len(words) - tab <= MOST_COLUMNS else tab + 1)
        first = int(rng.integers(1, len(words) + 1)) if self.mixed else 0
        shifts: dict[str, float] = {}
        x = 0.0
        for number, word in enumerate(words):
            if number:
                x += max(NARROWEST * self.word_gap, self.word_gap + rng.normal() * self.gap_jitter)
                x += self.letter_gap + (self.tab if number in tabs else 0)
            start, fonts = x, self.fonts[1 if number < first else 0]
            for part in parts_of(word, self.separate):
                font = pick(rng, fonts)
                stamps.append(self._stamp(part, font, x, shifts, rng))
                x += font.getlength(part) + self.letter_gap
            spans.append((start, x - self.letter_gap))
        return self._drawn(stamps, spans, rng)

    def _stamp(
        self, part: str, font: ImageFont.FreeTypeFont, x: float, shifts: dict[str, float], rng: Rng
    ) -> _Stamp:
        if part not in shifts:
            shifts[part] = float(rng.normal()) * self.key_shift
        aside, down = rng.normal(size=2) * self.jitter
        ink = 1 - self.faintness * rng.random() ** 2
        return _Stamp(part, font, x + 0.5 * float(aside), shifts[part] + float(down), float(ink))

    def _drawn(
        self, stamps: Sequence[_Stamp], spans: Sequence[tuple[float, float]], rng: Rng
    ) -> Written:
        """The stamps on a sheet that just holds them and the margin."""
        boxes = np.array(
            [
                np.add(stamp.font.getbbox(stamp.text, anchor="ls"), (stamp.x, stamp.y) * 2)
                for stamp in stamps
            ]
        )
        left, top = np.floor(boxes[:, :2].min(axis=0))
        right, bottom = np.ceil(boxes[:, 2:].max(axis=0))
        margin = round(MARGIN * self.x_height)
        up, before = margin - min(top, -self.x_height), margin - left
        size = (int(before + right) + margin, int(up + max(bottom, 0)) + margin)
        sheet = Image.new("L", size, 0)
        pen = ImageDraw.Draw(sheet)
        for stamp in stamps:
            place = (before + stamp.x, up + stamp.y)
            pen.text(place, stamp.text, round(255 * stamp.ink), stamp.font, anchor="ls")
        if self.underline:
            self._underline(pen, spans, (before, up), rng)
        ink = np.asarray(sheet, dtype=np.float32) / np.float32(255)
        return Written(ink, float(up), self.drawn_x_height)

    def _underline(
        self,
        pen: ImageDraw.ImageDraw,
        spans: Sequence[tuple[float, float]],
        origin: tuple[float, float],
        rng: Rng,
    ) -> None:
        """A line below a run of words, or below all of them."""
        first, last = sorted(rng.integers(len(spans), size=2))
        if rng.random() < 0.5:
            first, last = 0, len(spans) - 1
        level = origin[1] + self.x_height * rng.uniform(0.2, 0.5)
        ends = [(origin[0] + x, level) for x in (spans[first][0], spans[last][1])]
        pen.line(ends, fill=int(rng.integers(150, 256)), width=max(1, round(self.underline)))


def _font(face: Face, x_height: float) -> ImageFont.FreeTypeFont:
    """The face at the size in px that gives it the x-height."""
    return ImageFont.truetype(str(face.path), min(1 / face.x_height, LARGEST_EM) * x_height)
