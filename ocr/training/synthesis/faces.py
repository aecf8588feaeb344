"""One font file -> a face: what kind it is of, and what it can write.

What a face can write is what its character map names and its outlines draw: a blank glyph for
a visible character counts as missing, and so do the small letters of a face that draws them
as capitals, since its picture of "word" would read WORD.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

from ocr.errors import InputError
from ocr.files.names import printable

HAND_FOLDERS = ("hand", "handwriting", "script")
HAND_PANOSE, HAND_CLASS = 3, 10  # OpenType 1.9, OS/2: bFamilyType "Latin Hand Written", "Scripts"
# Height of x and n / height of b and h from which small letters are taken for capitals.
UNICASE = 0.88
# Width of i / width of m from which a face has one pitch; worn typewriter faces are not exact.
ONE_PITCH = 0.8
# Width of the foot of a letter / width of its stems from which it has serifs: of an I, and of an h
# in faces of one pitch, whose I always has some.
SERIFS, FIXED_SERIFS = 1.5, 1.15
# px per em at which faces are measured: large enough that hinting moves nothing.
MEASURED_PX = 200
COMPARED_PX = 40  # px per em: at which characters that look alike are told apart
# em; a script of smaller letters than this has capitals that nobody sets side by side.
FLOURISHED = 0.42
# em; the usual x-height of Latin faces, for faces without an x.
X_HEIGHT = 0.48
DAMAGE = (TTLibError, OSError, EOFError, struct.error, ValueError, LookupError, AttributeError,
          AssertionError, TypeError)  # fmt: skip
"""What fontTools raises for a damaged font, depending on the table that is damaged."""

RIGHT_TO_LEFT = ("R", "AL")  # Unicode's bidirectional classes; words are set from left to right
HAND, SERIF, SANS, FIXED, TYPEWRITTEN = "hand", "serif", "sans", "fixed", "typewritten"


@dataclass(frozen=True, slots=True)
class Face:
    """One font file.

    kind        hand, serif, sans, fixed (in pitch) or, with serifs too, typewritten
    regular     neither bold nor italic
    characters  all that it can write, without white space
    x_height    of the letters x and n, in em
    """

    path: Path
    family: str
    kind: str
    regular: bool
    characters: frozenset[str]
    x_height: float

    def __post_init__(self) -> None:
        if not self.x_height > 0:
            raise ValueError(f"{self.name}: an x-height of {self.x_height} em")

    @property
    def name(self) -> str:
        return self.path.stem

    def suits(self, text: str) -> bool:
        """Whether the face has every character of ``text``, in a place fit for it."""
        flourished = self.kind == HAND and self.x_height < FLOURISHED
        if flourished and any(a.isupper() and b.isupper() for a, b in pairwise(text)):
            return False
        return self.characters.issuperset(text.replace(" ", ""))


def read_face(path: Path, hand: bool = False) -> Face:
    """``hand``: it is handwriting, even if it does not say so. Raises InputError if the file is no
    font that can be read."""
    try:
        with TTFont(path, lazy=True) as font:
            return _face(path, font, hand)
    except DAMAGE as error:
        reason = printable(str(error)) or type(error).__name__
        raise InputError(
            f"{printable(path)} is no readable font ({reason})", "replace or remove it"
        ) from error


def in_hand_folder(path: Path, top: Path) -> bool:
    """Whether the font lies in a folder of handwriting by its name: in ``top``, which was named, or
    in one below it. Where the font itself was named, its own folder counts."""
    top = path.parent if path == top else top
    folders = top.absolute().name, *path.parent.relative_to(top).parts
    return any(folder.lower() in HAND_FOLDERS for folder in folders)


def _face(path: Path, font: TTFont, hand: bool) -> Face:
    # The fields of fontTools' tables are made at run time, so no type is known of them.
    os2: Any = font["OS/2"]
    drawn = ImageFont.truetype(str(path), MEASURED_PX, layout_engine=ImageFont.Layout.BASIC)
    characters = _characters(font, drawn)
    short, tall = _height(drawn, characters, "xn"), _height(drawn, characters, "bh")
    if tall and short > UNICASE * tall:
        characters = frozenset(c for c in characters if not c.islower())
    says_hand = os2.panose.bFamilyType == HAND_PANOSE or os2.sFamilyClass >> 8 == HAND_CLASS
    return Face(
        path=path,
        family=font["name"].getBestFamilyName() or path.stem,
        kind=HAND if hand or says_hand else _print_kind(drawn, characters),
        regular=not os2.fsSelection & 0b100001,  # bit 0 italic, bit 5 bold
        characters=characters,
        x_height=short or X_HEIGHT,
    )


def _characters(font: TTFont, drawn: ImageFont.FreeTypeFont) -> frozenset[str]:
    """What the font maps to a glyph with an outline, but for scripts from right to left, and for
    Latin letters and signs that it draws as it does one of ASCII: a sharp s like a B."""
    offsets: Any = font.get("loca")
    outlines = b"" if offsets is None else font.reader["glyf"]
    glyphs = font.getBestCmap() or {}
    small = drawn.font_variant(size=COMPARED_PX)
    found, in_ascii = set(), set[object]()
    for code in sorted(glyphs, key=lambda code: (code > 127, not chr(code).isalnum(), code)):
        character, glyph = chr(code), glyphs[code]
        if not character.isprintable() or character.isspace():
            continue
        if unicodedata.bidirectional(character) in RIGHT_TO_LEFT:
            continue
        looks = set[object]()
        if offsets is None:
            blank = drawn.getmask(character).getbbox() is None
        else:  # an empty outline takes no bytes: ten times quicker than drawing it
            number = font.getGlyphID(glyph)
            outline = outlines[offsets[number] : offsets[number + 1]]
            blank = not outline
            looks.add(outline)
        if blank:
            continue
        if code <= 127 or (_is_latin(code) and not (looks and character.isalnum())):
            looks.add(_picture(small, character))  # equal where two outlines are not, by hinting
        ascii_letter = code <= 127 and character.isalnum()
        if _is_latin(code) and not ascii_letter and looks & in_ascii:
            continue
        found.add(character)
        if code <= 127:
            in_ascii |= looks
    return frozenset(found)


def _picture(drawn: ImageFont.FreeTypeFont, character: str) -> tuple[object, ...]:
    """What is drawn for the character, and where beside the baseline."""
    mask = drawn.getmask(character)
    return bytes(mask), mask.size, drawn.getbbox(character, anchor="ls")


def _is_latin(code: int) -> bool:
    """Whether it is of the Latin letters and their signs; other scripts share some by right."""
    return code < 0x250 or 0x2000 <= code < 0x2070


def _height(drawn: ImageFont.FreeTypeFont, characters: frozenset[str], letters: str) -> float:
    """Mean height of the letters above the baseline in em; 0 if the face lacks one."""
    if not characters.issuperset(letters):
        return 0.0
    tops = [-drawn.getbbox(letter, anchor="ls")[1] for letter in letters]
    return float(sum(tops)) / len(tops) / MEASURED_PX


def _print_kind(drawn: ImageFont.FreeTypeFont, characters: frozenset[str]) -> str:
    if characters.issuperset("im") and drawn.getlength("i") > ONE_PITCH * drawn.getlength("m"):
        return TYPEWRITTEN if _foot(drawn, characters, "h") > FIXED_SERIFS else FIXED
    return SERIF if _foot(drawn, characters, "I") > SERIFS else SANS


def _foot(drawn: ImageFont.FreeTypeFont, characters: frozenset[str], letter: str) -> float:
    """Its width over that of the stems in the lower half; 0 if the face lacks the letter."""
    if letter not in characters:
        return 0.0
    mask = drawn.getmask(letter)
    ink = np.asarray(mask, dtype=np.uint8).reshape(mask.size[::-1]) > 127  # (H, W)
    widths = ink.sum(axis=1)
    widths = widths[widths > 0]
    if not len(widths):
        return 0.0
    foot, stems = widths[-len(widths) // 10 :].max(), np.median(widths[len(widths) // 2 :])
    return float(foot / stems)
