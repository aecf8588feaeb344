"""Searchable PDF: the scan, and over it the text in a font that shows nothing (extra ``pdf``).

Every word is set in text rendering mode 3, invisible (ISO 32000-1, section 9.3.6), on its line's
baseline and stretched to its width, so that a search marks it where it stands in the scan. It is
as high as the line's polygon on average, not at its tallest: outlines of handwriting reach into
the lines above and below, and text that overlaps is read out in disorder.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ocr.alphabet import SPACE
from ocr.errors import MissingExtraError
from ocr.formats.glyphless import ADVANCE, DESCENT, UNITS_PER_EM, add_font, numbered
from ocr.formats.pdfscan import add_scan
from ocr.formats.words import word_box, words_of
from ocr.formats.xmlfile import PROGRAM, xml_text
from ocr.geometry import area
from ocr.preprocessing.lines import check_size
from ocr.preprocessing.pages import picture
from ocr.preprocessing.pdfpages import PDF_DPI, POINTS_PER_INCH
from ocr.types import Line, PageTranscript, Word

STRONG = ("L", "R", "AL")  # bidirectional classes of letters: left to right, right to left
SMALLEST, LARGEST = 3.0, 14_400.0  # points, sides of a page (ISO 32000-1, annex C.2)
LEAST_DPI = 100  # px per inch; less is a screen's (72, 96), written by who knows none


def write_pdf(transcript: PageTranscript) -> bytes:
    """The page as a PDF of one page. Raises ImageError, MissingExtraError."""
    try:
        import pikepdf
    except ImportError as error:
        raise MissingExtraError("pikepdf") from error
    page = transcript.page
    check_size(page)
    scan = picture(page.image, page.index)
    scale = POINTS_PER_INCH / _dpi(scan)
    scale = max(scale, SMALLEST / min(page.width, page.height))
    scale = min(scale, LARGEST / max(page.width, page.height))
    width, height = page.width * scale, page.height * scale
    words = list(_words(transcript))
    layer = _Layer(numbered(text for text, _, _ in words), scale, height)
    with pikepdf.new() as pdf:
        leaf = pdf.add_blank_page(page_size=(width, height))
        leaf.Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(Scan=add_scan(pdf, scan, page.image)),
            Font=pikepdf.Dictionary(Text=add_font(pdf, layer.codes)),
        )
        content = [f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q", "BT 3 Tr"]
        content += [layer.show(*word) for word in words]
        leaf.Contents = pdf.make_stream("\n".join([*content, "ET"]).encode("ascii"))
        pdf.docinfo["/Producer"] = f"{PROGRAM} {transcript.model_id}".strip()
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _words(transcript: PageTranscript) -> Iterator[tuple[str, Line, Word]]:
    """Every word, after what is written for it.

    A space follows each: not all readers infer it from the gap, and PDFium passes over what is
    a single character without width. A word from right to left stands as it looks, from left to
    right; whatever reads the PDF turns it back.
    """
    for line, reading in zip(transcript.page.lines, transcript.transcripts, strict=True):
        for word in words_of(line, reading):
            text = xml_text(word.text)
            yield (text[::-1] if _leftwards(text) else text) + SPACE, line, word


def _leftwards(text: str) -> bool:
    """Whether a word is written from right to left, by its first letter (Unicode Annex 9)."""
    classes = (unicodedata.bidirectional(character) for character in text)
    return next((each for each in classes if each in STRONG), "L") != "L"


@dataclass(frozen=True, slots=True)
class _Layer:
    """What all words of the text layer share.

    codes   character -> its code in the font
    scale   points per pixel
    height  of the page, in points
    """

    codes: dict[str, int]
    scale: float
    height: float

    def show(self, text: str, line: Line, word: Word) -> str:
        """The operators that set one word."""
        frame, (left, top, right, bottom) = word_box(line, word)
        size = max(area(line.polygon) / frame.width, 1.0)  # px
        middle = (top + bottom) / 2 + size * (0.5 + DESCENT / UNITS_PER_EM)
        baseline = sorted(frame.from_page(point) for point in line.baseline) or [(0.0, middle)]
        xs, ys = np.array(baseline).T
        x, y = frame.to_page((left, float(np.interp((left + right) / 2, xs, ys))))
        natural = len(word.text) * ADVANCE / UNITS_PER_EM * size  # px
        stretch = 100 * max(right - left, 1.0) / natural  # percent
        cos, sin = frame.direction
        matrix = (cos, -sin, sin, cos, x * self.scale, self.height - y * self.scale)
        place = " ".join(f"{value:.3f}" for value in matrix)
        shown = "".join(f"{self.codes[character]:04X}" for character in text)
        return f"/Text {size * self.scale:.3f} Tf {stretch:.3f} Tz {place} Tm <{shown}> Tj"


def _dpi(scan: Image.Image) -> float:
    """The scan's resolution by its own word, if that can be true."""
    dpi = scan.info.get("dpi", (0, 0))[0]
    return float(dpi) if dpi >= LEAST_DPI else PDF_DPI
