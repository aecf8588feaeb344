"""A library of the fonts at hand, a little prose, and tiny fonts drawn here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from ocr.training.synthesis.corpus import Corpus
from ocr.training.synthesis.fonts import Library, read_fonts

PROSE = (
    "The keeper of the light wrote down every storm, and in winter there were many of them.",
    "«Où vas-tu ?» demanda-t-elle. Il n’a pas répondu; l'été était fini.",
    "Die Straße führte am Ufer entlang – groß, grau und müde.",
    "Quick zephyrs blow, vexing daft Jim; he kept 14 boxes, no. 2/3, at £5.",
)


@pytest.fixture(scope="session")
def library(font_folder: Path) -> Library:
    return read_fonts([font_folder])


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return Corpus(PROSE)


@pytest.fixture(scope="session")
def draw_font() -> Callable[..., Path]:
    """draw_font(path, {"a": 500, "b": 0}): a face of boxes as high as given in 1/1000 em; a
    height of 0 is a blank glyph."""

    def draw(path: Path, heights: Mapping[str, int]) -> Path:
        names = {character: f"glyph{ord(character)}" for character in heights}
        builder = FontBuilder(1000, isTTF=True)
        builder.setupGlyphOrder([".notdef", "space", *names.values()])
        builder.setupCharacterMap({32: "space", **{ord(c): names[c] for c in heights}})
        blank = TTGlyphPen(None).glyph()
        glyphs = {".notdef": blank, "space": blank}
        for character, height in heights.items():
            pen = TTGlyphPen(None)
            if height:
                pen.moveTo((50, 0))
                for point in ((50, height), (450, height), (450, 0)):
                    pen.lineTo(point)
                pen.closePath()
            glyphs[names[character]] = pen.glyph()
        builder.setupGlyf(glyphs)
        builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 50)))
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
        builder.setupOS2()
        builder.setupPost()
        path.parent.mkdir(parents=True, exist_ok=True)
        builder.save(path)
        return path

    return draw
