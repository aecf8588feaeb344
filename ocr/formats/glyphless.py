"""A font that shows nothing and says everything: the text layer of a searchable PDF.

ISO 32000-1, section 9.7: a composite font with two-byte codes (Identity-H). A document's own
characters are numbered from 1, and the ToUnicode map (section 9.10.3) tells what each code is,
astral characters as UTF-16 surrogate pairs. Every code has the same empty glyph, half an em wide,
so no font file needs to hold the characters.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

UNITS_PER_EM = 1000
ADVANCE = 500  # units, of every character
ASCENT, DESCENT = 800, -200  # units; together one em, so a box of one em is the selected box
RANGES_PER_BLOCK = 100  # entries of a CMap block: the limit of Adobe's CMap format
NAME = "Glyphless"


def numbered(texts: Iterable[str]) -> dict[str, int]:
    """Every character of the texts -> its code, from 1, in the order of Unicode."""
    characters = sorted({character for text in texts for character in text})
    return {character: code for code, character in enumerate(characters, start=1)}


def add_font(pdf: Pdf, codes: dict[str, int]) -> Object:
    """The font for these codes, added to the document."""
    from pikepdf import Array, Dictionary, Name, String

    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + NAME),
        Flags=5,  # fixed pitch, symbolic
        FontBBox=Array([0, DESCENT, ADVANCE, ASCENT]),
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
        FontFile2=pdf.make_stream(_font_file()),
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/" + NAME),
        CIDSystemInfo=Dictionary(
            Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0
        ),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=ADVANCE,
        CIDToGIDMap=pdf.make_stream(bytes(2 * (len(codes) + 1))),  # all are glyph 0
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/" + NAME),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=pdf.make_stream("\n".join(_to_unicode(codes)).encode("ascii")),
        )
    )


def _to_unicode(codes: dict[str, int]) -> Iterator[str]:
    yield "/CIDInit /ProcSet findresource begin 12 dict begin begincmap"
    yield "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def"
    yield "/CMapName /Adobe-Identity-UCS def /CMapType 2 def"
    yield "1 begincodespacerange <0000> <FFFF> endcodespacerange"
    entries = iter(codes.items())
    while block := list(islice(entries, RANGES_PER_BLOCK)):
        yield f"{len(block)} beginbfchar"
        for character, code in block:
            yield f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
        yield "endbfchar"
    yield "endcmap CMapName currentdict /CMap defineresource pop end end"


def _font_file() -> bytes:
    """A TrueType font with one empty glyph."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder = FontBuilder(UNITS_PER_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": Glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)  # the same file whenever it is made
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()
