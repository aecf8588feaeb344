"""ALTO: written as 4.2 in pixels, read from 2.0 to 4.4 in any of its units.

    alto
      Description       MeasurementUnit, sourceImageInformation, Processing: model and options
      Layout
        Page            WIDTH, HEIGHT
          PrintSpace
            TextBlock   one per block of lines
              TextLine  BASELINE, Shape/Polygon
                String  CONTENT, WC, and HPOS, VPOS, WIDTH, HEIGHT around it
                SP      between two strings

A line's text is its strings with one space between neighbours, so several spaces in a row stand
around empty strings; a hyphen in HYP follows without a space. A line whose words are not known
is one string. What else a word could be is an ALTERNATIVE of its string, without a confidence, for
which ALTO has no place; other readings of the whole line are those of its first string with
PURPOSE ``line``. A line has no confidence; it is read as the mean over its words' characters.

Coordinates in mm10 (0.1 mm) and inch1200 (1/1200 inch) are brought to pixels by the size of the
image over that of the page, as the schema's note on MeasurementUnit has it. Lines are read in the
order in which they stand; the ReadingOrder of 4.3 is not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import SubElement

from ocr.alphabet import SPACE
from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.jsonpage import json_object
from ocr.formats.references import reference, referenced_image
from ocr.formats.sheet import Found, Sheet, sheet_of
from ocr.formats.words import by_region, pixel_box, words_of
from ocr.formats.xmlfile import (
    PROGRAM,
    WHITE_SPACE,
    XSI,
    Element,
    Ids,
    child,
    children,
    confidence_of,
    confidence_text,
    local_name,
    number_of,
    numbers,
    parse_xml,
    points,
    xml_bytes,
)
from ocr.geometry import bounds
from ocr.preprocessing.pages import page_size
from ocr.types import Alternative, Line, LoadedPage, PageTranscript, Point, Transcript, Word

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-2.xsd"
PIXEL, OTHER_UNITS = "pixel", ("mm10", "inch1200")
LINE_PURPOSE = "line"
BOX = ("HPOS", "VPOS", "WIDTH", "HEIGHT")


def write_alto(transcript: PageTranscript) -> bytes:
    """The page as ALTO 4.2."""
    page, ids = transcript.page, Ids()
    root = Element(
        "alto",
        {"xmlns": NAMESPACE, "xmlns:xsi": XSI, "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}"},
    )
    body_id = ids.give(page.id)
    _write_description(root, transcript, ids)
    size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    number = str(page.index + 1)
    layout = SubElement(root, "Layout")
    body = SubElement(layout, "Page", {"ID": body_id, "PHYSICAL_IMG_NR": number, **size})
    space = SubElement(body, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    for region, pairs in by_region(transcript):
        box = _box([point for line, _ in pairs for point in line.polygon])
        block = SubElement(space, "TextBlock", {"ID": ids.give(region or "block"), **box})
        for line, reading in pairs:
            _write_line(block, line, reading, ids)
    return xml_bytes(root)


def _write_description(root: Element, transcript: PageTranscript, ids: Ids) -> None:
    description = SubElement(root, "Description")
    SubElement(description, "MeasurementUnit").text = PIXEL
    source = SubElement(description, "sourceImageInformation")
    SubElement(source, "fileName").text = reference(transcript.page)
    processing = SubElement(description, "Processing", ID=ids.give("recognition"))
    settings = {"model": transcript.model_id, "options": transcript.options}
    text = json.dumps(settings, ensure_ascii=False)
    SubElement(processing, "processingStepSettings").text = text
    software = SubElement(processing, "processingSoftware")
    SubElement(software, "softwareName").text = PROGRAM


def _write_line(block: Element, line: Line, transcript: Transcript, ids: Ids) -> None:
    element = SubElement(block, "TextLine", {"ID": ids.give(line.id), **_box(line.polygon)})
    if len(line.baseline) > 1:
        element.set("BASELINE", _points(line.baseline))
    SubElement(SubElement(element, "Shape"), "Polygon", POINTS=_points(line.polygon))
    first, *rest = _strings(line, transcript)
    for text in transcript.alternatives:
        SubElement(first, "ALTERNATIVE", PURPOSE=LINE_PURPOSE).text = text
    element.append(first)
    for string in rest:
        SubElement(element, "SP")
        element.append(string)


def _strings(line: Line, transcript: Transcript) -> list[Element]:
    """One string per part of the text between spaces, empty ones too; the whole text as one where
    its words are not known."""
    words, text = words_of(line, transcript), transcript.text
    if [word.text for word in words] == [text]:
        return [_string(words[0])]
    rest = iter(words)
    parts = text.split(SPACE)
    empty = {"CONTENT": "", "WC": confidence_text(transcript.confidence)}
    return [_string(next(rest)) if part else Element("String", empty) for part in parts]


def _string(word: Word) -> Element:
    confidence = confidence_text(word.confidence)
    string = Element("String", {"CONTENT": word.text, **_box(word.polygon), "WC": confidence})
    for other in word.alternatives:
        SubElement(string, "ALTERNATIVE").text = other.text
    return string


def _box(polygon: Sequence[Point]) -> dict[str, str]:
    return dict(zip(BOX, map(str, pixel_box(polygon)), strict=True))


def _points(polygon: Sequence[Point]) -> str:
    return " ".join(f"{round(x)} {round(y)}" for x, y in polygon)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Pixels per unit of the file, across and down."""

    x: float = 1.0
    y: float = 1.0

    def points(self, text: str | None) -> tuple[Point, ...]:
        return tuple((self.x * x, self.y * y) for x, y in points(text))

    def rectangle(self, element: Element) -> tuple[Point, ...]:
        """The corners of an element's box; none where it has no box."""
        if any(element.get(side) is None for side in BOX):
            return ()
        left, top, width, height = (number_of(element, side, 0) for side in BOX)
        left, right = self.x * left, self.x * (left + width)
        top, bottom = self.y * top, self.y * (top + height)
        return (left, top), (right, top), (right, bottom), (left, bottom)


def read_alto(data: bytes, path: Path) -> LoadedPage:
    """The page of an ALTO file; a line that cannot be used is a problem. Raises PageFileError,
    and ImageError where the size of the image is needed."""
    root = parse_xml(data, path)
    layout = child(root, "Layout")
    bodies = list(children(layout, "Page")) if layout is not None else []
    if len(bodies) != 1:
        raise PageFileError(
            f"{printable(path)} has {len(bodies)} pages", "give one file for each page"
        )
    sheet, scale = _read_sheet(root, bodies[0], path)
    found = [
        _read_line(sheet, scale, line, block.get("ID", ""))
        for block in bodies[0].iter()
        if local_name(block) == "TextBlock"
        for line in children(block, "TextLine")
    ]
    settings = _read_settings(root, path)
    name = bodies[0].get("ID") or path.stem
    return sheet.loaded(name, found, settings.get("model", ""), settings.get("options"))


def _read_sheet(root: Element, body: Element, path: Path) -> tuple[Sheet, _Scale]:
    named = child(root, "Description", "sourceImageInformation", "fileName")
    name = (named.text or "").strip() if named is not None else None
    declared = child(root, "Description", "MeasurementUnit")
    unit = (declared.text or "").strip() if declared is not None else PIXEL
    if unit not in (PIXEL, *OTHER_UNITS):
        raise PageFileError(
            f"{printable(path)} counts in {printable(unit)!r}", f"known are {PIXEL}, mm10, inch1200"
        )
    width, height = number_of(body, "WIDTH", 0), number_of(body, "HEIGHT", 0)
    if unit == PIXEL and width and height:
        return sheet_of(path, name, width, height), _Scale()
    image, index = referenced_image(path, name)
    pixels = page_size(image, index)
    sheet = sheet_of(path, name, *pixels)
    if unit == PIXEL:
        return sheet, _Scale()
    if width <= 0 or height <= 0:
        raise PageFileError(
            f"{printable(path)} counts in {unit} and gives no size of its page",
            "export it again in pixels",
        )
    return sheet, _Scale(pixels[0] / width, pixels[1] / height)


def _read_line(sheet: Sheet, scale: _Scale, element: Element, region: str) -> Found:
    # What is white space alone, as kraken's, stands between strings; an empty one is one of ours.
    strings = [s for s in children(element, "String") if not _is_gap(s.get("CONTENT", ""))]
    text = SPACE.join(string.get("CONTENT", "") for string in strings)
    broken = child(element, "HYP")
    hyphen = broken.get("CONTENT", "") if broken is not None else ""
    shape = child(element, "Shape", "Polygon")
    box = scale.rectangle(element)
    polygon = (scale.points(shape.get("POINTS")) if shape is not None else ()) or box
    words = tuple(
        Word(
            content + (hyphen if string is strings[-1] else ""),
            corners,
            confidence_of(string, "WC"),
            _alternatives(string, of_line=False),
        )
        for string in strings
        if (content := string.get("CONTENT")) and (corners := scale.rectangle(string))
    )
    alternatives = tuple(
        other.text for string in strings[:1] for other in _alternatives(string, of_line=True)
    )
    if [word.polygon for word in words] == [box]:  # a string as large as the line repeats it
        alternatives += tuple(other.text for other in words[0].alternatives)
        words = ()
    transcript = Transcript(text + hyphen, _confidence(strings), (), alternatives, words)
    baseline = _baseline(element.get("BASELINE"), scale, polygon)
    return sheet.line(element.get("ID", ""), region, (polygon, baseline), transcript)


def _is_gap(content: str) -> bool:
    return content != "" and not content.strip(WHITE_SPACE)


def _alternatives(string: Element, of_line: bool) -> tuple[Alternative, ...]:
    """What the whole line could be, or what the string could."""
    return tuple(
        Alternative(other.text or "")
        for other in children(string, "ALTERNATIVE")
        if (other.get("PURPOSE") == LINE_PURPOSE) is of_line
    )


def _baseline(text: str | None, scale: _Scale, polygon: Sequence[Point]) -> tuple[Point, ...]:
    """Points of a baseline; up to ALTO 4.1 it is one number, the y of a level one."""
    values = numbers(text)
    if len(values) != 1 or not polygon:
        return scale.points(text)
    left, _, right, _ = bounds(polygon)
    return (left, scale.y * values[0]), (right, scale.y * values[0])


def _confidence(strings: Sequence[Element]) -> float:
    """The mean over the strings' characters; 1 where there are none."""
    pairs = [(len(string.get("CONTENT", "")), confidence_of(string, "WC")) for string in strings]
    length = sum(count for count, _ in pairs)
    if not length:
        return pairs[0][1] if pairs else 1.0
    return sum(count * confidence for count, confidence in pairs) / length


def _read_settings(root: Element, path: Path) -> dict[str, Any]:
    """Model and options as ``write_alto`` puts them; of other makers' files, nothing."""
    description = child(root, "Description")
    for processing in children(description, "Processing") if description is not None else ():
        name = child(processing, "processingSoftware", "softwareName")
        settings = child(processing, "processingStepSettings")
        if name is not None and name.text == PROGRAM and settings is not None:
            return json_object(settings.text or "", path)
    return {}
