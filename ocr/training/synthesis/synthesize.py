"""Line number i of a run that has no end: text, face, ink, page, picture.

    choose a style -> a text and a face that has all its characters
    lay out        -> the letters as a hand or a machine sets them, and its neighbours likewise
    bend           -> a hand's wandering, a page's curl
    ink            -> what pen or press leaves of it
    page           -> paper, rules, the other side
    camera         -> grey values

``line(i)`` is a function of the seed and i alone: processes that share a run and a run that is
resumed see the same lines, without any state to store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.errors import InputError, UsageError
from ocr.options import SynthesisOptions
from ocr.training import distortions as distort
from ocr.training.ranges import NEVER
from ocr.training.synthesis import page
from ocr.training.synthesis.camera import Grey, photographed
from ocr.training.synthesis.chance import Rng, weighted
from ocr.training.synthesis.corpus import Corpus
from ocr.training.synthesis.faces import Face
from ocr.training.synthesis.fonts import Library
from ocr.training.synthesis.geometry import draw_bend
from ocr.training.synthesis.handwritten import HAND_STYLES
from ocr.training.synthesis.ink import PALEST, PALEST_IN_BLACK_AND_WHITE, inked
from ocr.training.synthesis.layout import Typesetter, Written
from ocr.training.synthesis.printed import PRINT_STYLES
from ocr.training.synthesis.styles import Style
from ocr.training.synthesis.texts import INVENTED_CHARACTERS, Texts
from ocr.types import Float32Array

REVISION = 9  # raised by every change that alters what comes out
# Texts tried before the fonts are called unfit for them.
ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Rendered:
    """One line: ``image`` (H, W) uint8 grey, 0 black; its text in normal form; the file name of
    its font without suffix; its kind, such as ``book, bilevel``."""

    image: Grey
    text: str
    font: str
    kind: str

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or not self.text:
            raise ValueError(f"a line {self.image.shape} with the text {self.text!r}")


class Synthesizer:
    """An endless run of rendered lines.

    allowed     characters that may be written; None: all that the texts and the fonts have
    characters  every character, but the space, that a line can hold
    """

    def __init__(
        self,
        fonts: Library,
        corpus: Corpus,
        options: SynthesisOptions,
        seed: int,
        allowed: frozenset[str] | None = None,
    ) -> None:
        """Raises InputError if the fonts can write nothing of the texts."""
        self.fonts, self.seed = fonts, seed
        self._styles = _usable_styles(fonts, options.handwriting)
        characters = corpus.characters | INVENTED_CHARACTERS
        characters &= fonts.characters(
            {kind for _, style in self._styles for _, kind in style.faces}
        )
        self.characters = characters if allowed is None else characters & allowed
        self.texts = Texts(corpus, options.longest, self.characters)

    def line(self, index: int) -> Rendered:
        """Line ``index`` >= 0, always the same for the same seed, fonts, texts and options."""
        rng, style, text, face = self._begin(index)
        capture = weighted(rng, style.captures)
        faces = (face, self.fonts.sibling(rng, face, text))
        # In black and white, what is touched too lightly would be no ink at all.
        layout = replace(style.layout, faintness=NEVER) if capture.is_bilevel else style.layout
        typesetter = Typesetter(faces, layout, rng)
        line = typesetter.write(text, rng)
        others = self._others(line, typesetter, faces, style, rng)
        bend = draw_bend(line.ink.shape, line.x_height, style.geometry or capture.geometry, rng)
        bent = replace(line, ink=distort.warped(line.ink, bend))
        around = None if others is None else distort.warped(others, bend)
        ink, baseline = page.crop(bent, around, style.page, rng)
        palest = PALEST_IN_BLACK_AND_WHITE if capture.is_bilevel else PALEST
        ink = inked(ink, style.ink, rng, palest)
        tilt = 0.0 if style.geometry else bend.slope  # of the sheet; a hand's is not the paper's
        sheet = page.sheet(ink, page.Lie(baseline, line.x_height, tilt), style.page, rng)
        image = photographed(sheet, line.x_height, capture.camera, rng)
        return Rendered(image, text, face.name, f"{style.name}, {capture.name}")

    def text(self, index: int) -> str:
        """The text of line ``index``, a hundred times quicker than the line."""
        return self._begin(index)[2]

    def _begin(self, index: int) -> tuple[Rng, Style, str, Face]:
        """The line's style, text, and a face that can write it, and its random numbers from
        there on."""
        rng = np.random.default_rng((self.seed, index))
        style = weighted(rng, self._styles)
        for _ in range(ATTEMPTS):
            text = self.texts.draw(rng, style.invented, style.invent)
            face = self.fonts.choose(rng, weighted(rng, style.faces), text, style.regular)
            if face is not None:
                return rng, style, text, face
        raise InputError(
            f"no font for {style.name} has all characters of any of {ATTEMPTS} texts",
            "give fonts of their script, or other texts",
        )

    def _others(
        self,
        line: Written,
        typesetter: Typesetter,
        faces: Sequence[Face],
        style: Style,
        rng: Rng,
    ) -> Float32Array | None:
        """The ink of the lines above and below on the sheet of ``line``, (H, W); or None."""
        if rng.random() >= style.page.neighbours:
            return None
        text = self.texts.draw(rng, 0.0)
        if not all(face.suits(text) for face in faces):
            return None
        other = typesetter.write(text, rng)
        pitch = page.least_pitch(line) + line.x_height * float(rng.uniform(0, page.LEADING))
        sheet = np.zeros_like(line.ink)
        for above in (-1, 1):
            top = round(line.baseline - other.baseline + above * pitch)
            source = np.roll(other.ink, int(rng.integers(other.ink.shape[1])), axis=1)
            source = distort.tiled(source, (source.shape[0], sheet.shape[1]))
            rows = slice(max(0, top), min(len(sheet), top + len(source)))
            if rows.start < rows.stop:
                part = source[rows.start - top : rows.stop - top]
                sheet[rows] = np.maximum(sheet[rows], part)
        return sheet


def _usable_styles(fonts: Library, handwriting: float) -> tuple[tuple[float, Style], ...]:
    """The styles that there are faces for, with their shares; ``handwriting`` is that of all
    handwriting, where there are faces for it and for print. Raises UsageError where nothing but
    handwriting, or nothing but print, is wanted and there is none."""
    hand, machine = _with_faces(HAND_STYLES, fonts), _with_faces(PRINT_STYLES, fonts)
    if handwriting == 1 and not hand:
        raise UsageError(
            "none of the fonts is handwriting", "put those that are into a folder called hand"
        )
    if handwriting == 0 and not machine:
        raise UsageError(
            "all of the fonts are handwriting", "give some of print, in a folder not called hand"
        )
    if not (hand and machine):
        handwriting = 1.0 if hand else 0.0
    usable = []
    for whole, styles in ((handwriting, hand), (1 - handwriting, machine)):
        sum_of_shares = sum(style.share for style in styles)
        usable += [(whole * style.share / sum_of_shares, style) for style in styles]
    return tuple((share, style) for share, style in usable if share)


def _with_faces(styles: Sequence[Style], fonts: Library) -> list[Style]:
    """The styles, each with those of its kinds of face that there are."""
    reduced = (
        [(share, kind) for share, kind in style.faces if fonts.has(kind)] for style in styles
    )
    return [
        replace(style, faces=tuple(faces))
        for style, faces in zip(styles, reduced, strict=True)
        if faces
    ]
