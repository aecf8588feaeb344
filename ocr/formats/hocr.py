"""hOCR 1.2 (kba.github.io/hocr-spec/1.2), written as XHTML; read as any HTML.

    div.ocr_page             image, bbox, ppageno
      div.ocr_carea          bbox; one per block of lines
        p.ocr_par            bbox
          span.ocr_line      bbox, poly, baseline, x_wconf
            span.ocrx_word   bbox, x_wconf 0..100

``baseline`` is a slope and an offset, in a system whose origin is the bottom left corner of the
line's bbox, y down: the straight line that fits the baseline's points best. A line that runs
upwards, downwards or to the left has ``textangle`` instead, in whole quarters of a turn,
counterclockwise. White space is HTML's: any amount is one space. A line whose words
are not known has its text without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import SubElement

from ocr.formats.references import reference
from ocr.formats.words import by_region, pixel_box, words_of
from ocr.formats.xmlfile import PROGRAM, Element, Ids, xml_bytes
from ocr.types import Line, PageTranscript, Point, Transcript

CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_poly ocrp_wconf"
PERCENT_DIGITS = 2
SLOPE_DIGITS, OFFSET_DIGITS = 4, 1
QUOTE_ESCAPE = "%22"  # a quotation mark within the quoted name of the image


def write_hocr(transcript: PageTranscript) -> bytes:
    """The page as hOCR."""
    page, ids = transcript.page, Ids()
    root = Element("html", {"xmlns": "http://www.w3.org/1999/xhtml"})
    head = SubElement(root, "head")
    SubElement(head, "title").text = page.id or " "
    SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    system = f"{PROGRAM} {transcript.model_id}".strip()
    SubElement(head, "meta", {"name": "ocr-system", "content": system})
    SubElement(head, "meta", {"name": "ocr-capabilities", "content": CAPABILITIES})
    image = reference(page).replace('"', QUOTE_ESCAPE)
    title = f'image "{image}"; bbox 0 0 {page.width} {page.height}; ppageno {page.index}'
    body = _element(SubElement(root, "body"), "div", "ocr_page", ids.give(page.id), title)
    for name, pairs in by_region(transcript):
        box = _bbox([point for line, _ in pairs for point in line.polygon])
        area = _element(body, "div", "ocr_carea", ids.give(name or "block"), box)
        paragraph = _element(area, "p", "ocr_par", ids.give("par"), box)
        for line, reading in pairs:
            _write_line(paragraph, line, reading, ids)
    return xml_bytes(root, "<!DOCTYPE html>")


def _write_line(paragraph: Element, line: Line, transcript: Transcript, ids: Ids) -> None:
    outline = " ".join(f"{round(x)} {round(y)}" for x, y in line.polygon)
    properties = [_bbox(line.polygon), f"poly {outline}", *_baseline(line)]
    title = "; ".join([*properties, _confidence(transcript.confidence)])
    element = _element(paragraph, "span", "ocr_line", ids.give(line.id), title)
    words = words_of(line, transcript)
    if [word.polygon for word in words] == [line.polygon]:
        element.text, words = words[0].text, ()
    elif not words:  # an element with nothing in it would go on to the end of the block in HTML
        element.text = " "
    for number, word in enumerate(words, start=1):
        title = f"{_bbox(word.polygon)}; {_confidence(word.confidence)}"
        name = ids.give(f"{line.id}_w{number}")
        _element(element, "span", "ocrx_word", name, title).text = word.text


def _element(parent: Element, tag: str, kind: str, name: str, title: str) -> Element:
    return SubElement(parent, tag, {"class": kind, "id": name, "title": title})


def _bbox(polygon: Sequence[Point]) -> str:
    left, top, width, height = pixel_box(polygon)
    return f"bbox {left} {top} {left + width} {top + height}"


def _confidence(confidence: float) -> str:
    return f"x_wconf {round(100 * confidence, PERCENT_DIGITS):g}"


def _baseline(line: Line) -> Iterator[str]:
    """The property, where there is one; or that of a turned line."""
    if len(line.baseline) < 2:
        return
    (first_x, first_y), (last_x, last_y) = line.baseline[0], line.baseline[-1]
    right, down = last_x - first_x, last_y - first_y
    if right <= abs(down):
        if right or down:
            angle = 180 if -right >= abs(down) else 270 if down > 0 else 90
            yield f"textangle {angle}"
        return
    count = len(line.baseline)
    mean_x, mean_y = (sum(values) / count for values in zip(*line.baseline, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in line.baseline)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in line.baseline) / spread
    left, top, _, height = pixel_box(line.polygon)
    offset = mean_y + slope * (left - mean_x) - (top + height)
    yield f"baseline {round(slope, SLOPE_DIGITS):g} {round(offset, OFFSET_DIGITS):g}"
