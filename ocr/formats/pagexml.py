"""PAGE XML: written as 2019-07-15, read from 2013-07-15 on (the versions differ in namespace and
in additions, not in what is read here).

    PcGts
      Metadata        MetadataItem: the model and the options
      Page            imageFilename, imageWidth, imageHeight
        ReadingOrder  the regions in order; lines stand in their order
        TextRegion    one per block of lines
          TextLine    Coords, Baseline
            Word      Coords, TextEquiv as below
            TextEquiv of lowest index: the text; the others: alternatives, best first

Points are whole pixels and confidences 0..1. OCR-D counts ``index`` from 1, where LAREX keeps 0
for ground truth; so do we. ``Created`` is required but would make every run's file another: it
is always the beginning of 1970.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import SubElement

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.jsonpage import json_object
from ocr.formats.references import reference
from ocr.formats.sheet import NO_LINE, Found, Sheet, sheet_of
from ocr.formats.words import by_region, mean_confidence, words_of
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
    parse_xml,
    points,
    xml_bytes,
)
from ocr.geometry import bounds
from ocr.types import Alternative, Line, LoadedPage, PageTranscript, Point, Transcript, Word

VERSIONS = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
WRITTEN, OLDEST = "2019-07-15", "2013-07-15"
CREATED = "1970-01-01T00:00:00Z"
CELL = "TableCell"  # of a table region; Transkribus puts lines into it without a text region
MARKS = {"Creator": PROGRAM, "Created": CREATED, "LastChange": CREATED}
TEXTS = ("Unicode", "PlainText")  # the elements whose content is transcribed
MAIN_INDEX = 1  # of the text among its alternatives


def write_pagexml(transcript: PageTranscript) -> bytes:
    """The page as PAGE 2019-07-15."""
    page, ids = transcript.page, Ids()
    namespace = VERSIONS + WRITTEN
    root = Element(
        "PcGts",
        {
            "xmlns": namespace,
            "xmlns:xsi": XSI,
            "xsi:schemaLocation": f"{namespace} {namespace}/pagecontent.xsd",
            "pcGtsId": ids.give(page.id),
        },
    )
    _write_metadata(root, transcript)
    body = SubElement(
        root,
        "Page",
        imageFilename=reference(page),
        imageWidth=str(page.width),
        imageHeight=str(page.height),
    )
    regions = [(ids.give(name or "region"), pairs) for name, pairs in by_region(transcript)]
    if regions:
        order = SubElement(body, "ReadingOrder")
        group = SubElement(order, "OrderedGroup", id=ids.give("reading_order"))
        for index, (name, _) in enumerate(regions):
            SubElement(group, "RegionRefIndexed", index=str(index), regionRef=name)
    for name, pairs in regions:
        region = SubElement(body, "TextRegion", id=name)
        left, top, right, bottom = bounds([p for line, _ in pairs for p in line.polygon])
        corners = (left, top), (right, top), (right, bottom), (left, bottom)
        SubElement(region, "Coords", points=_points(corners))
        for line, reading in pairs:
            _write_line(region, line, reading, ids)
    return xml_bytes(root)


def _write_metadata(root: Element, transcript: PageTranscript) -> None:
    metadata = SubElement(root, "Metadata")
    for name, value in MARKS.items():
        SubElement(metadata, name).text = value
    step = SubElement(
        metadata, "MetadataItem", type="processingStep", name="recognition", value=PROGRAM
    )
    labels = SubElement(step, "Labels")
    SubElement(labels, "Label", type="model", value=transcript.model_id)
    options = json.dumps(transcript.options, ensure_ascii=False)
    SubElement(labels, "Label", type="options", value=options)


def _write_line(region: Element, line: Line, transcript: Transcript, ids: Ids) -> None:
    name = ids.give(line.id)
    element = SubElement(region, "TextLine", id=name)
    SubElement(element, "Coords", points=_points(line.polygon))
    if len(line.baseline) > 1:
        SubElement(element, "Baseline", points=_points(line.baseline))
    if transcript.words or transcript.characters:
        for number, word in enumerate(words_of(line, transcript), start=1):
            entry = SubElement(element, "Word", id=ids.give(f"{name}_w{number}"))
            SubElement(entry, "Coords", points=_points(word.polygon))
            _write_texts(entry, (Alternative(word.text, word.confidence), *word.alternatives))
    others = map(Alternative, transcript.alternatives)
    _write_texts(element, (Alternative(transcript.text, transcript.confidence), *others))


def _write_texts(parent: Element, readings: Sequence[Alternative]) -> None:
    """The text and what else it could be, in this order."""
    for index, reading in enumerate(readings, start=MAIN_INDEX):
        entry = SubElement(parent, "TextEquiv", index=str(index))
        if reading.confidence is not None:
            entry.set("conf", confidence_text(reading.confidence))
        SubElement(entry, "Unicode").text = reading.text


def _points(polygon: Sequence[Point]) -> str:
    """Whole pixels, none negative: the schema's PointsType."""
    return " ".join(f"{max(0, round(x))},{max(0, round(y))}" for x, y in polygon)


def read_pagexml(data: bytes, path: Path) -> LoadedPage:
    """The page of a PAGE file; a line that cannot be used is a problem. Raises PageFileError."""
    root = parse_xml(data, path)
    version = root.tag[1:].partition("}")[0].removeprefix(VERSIONS)
    if version < OLDEST:
        raise PageFileError(
            f"{printable(path)} is PAGE {printable(version)}, too old", f"convert it to {WRITTEN}"
        )
    body = child(root, "Page")
    if body is None:
        raise PageFileError(f"{printable(path)} has no page", "export it again")
    width, height = number_of(body, "imageWidth", 0), number_of(body, "imageHeight", 0)
    sheet = sheet_of(path, body.get("imageFilename"), width, height)
    found = [line for region in _regions(body) for line in _read_region(sheet, region)]
    return sheet.loaded(root.get("pcGtsId") or path.stem, found, *read_metadata(root, path))


def read_metadata(root: Element, path: Path) -> tuple[str, dict[str, Any]]:
    """(model id, options) as ``write_pagexml`` puts them; of other makers' files, nothing."""
    metadata = child(root, "Metadata")
    for item in children(metadata, "MetadataItem") if metadata is not None else ():
        labels = child(item, "Labels")
        if item.get("value") == PROGRAM and labels is not None:
            values = {label.get("type"): label.get("value", "") for label in labels}
            return values.get("model", ""), json_object(values.get("options", "{}"), path)
    return "", {}


def _read_region(sheet: Sheet, region: Element) -> Iterator[Found]:
    """Its lines; a text that stands in none is a problem, unless there are regions within it,
    whose texts it repeats."""
    name = region.get("id", "")
    parts = ("TextLine", "Region", CELL)
    is_bare = not any(local_name(each).endswith(parts) for each in region)
    if is_bare and any(text.text for text in _texts(region)):
        yield sheet.problem(name, "its text stands in no line", NO_LINE)
    for element in children(region, "TextLine"):
        yield _read_line(sheet, element, name)


def _read_line(sheet: Sheet, element: Element, region: str) -> Found:
    words = tuple(_read_words(element))
    main, *others = _texts(element) or [Alternative("")]
    if not (main.text or others):
        main = replace(main, text=_spelled(element))
    outline = _read_points(element, "Coords"), _read_points(element, "Baseline")
    alternatives = tuple(other.text for other in others)
    confidence = _given(main) if main.confidence is not None else mean_confidence(words)
    transcript = Transcript(main.text, confidence, alternatives=alternatives, words=words)
    return sheet.line(element.get("id", ""), region, outline, transcript)


def _spelled(line: Element) -> str:
    """What all words of a line say, which has no text of its own."""
    return " ".join(texts[0].text for word in children(line, "Word") if (texts := _spelt(word)))


def _read_words(line: Element) -> Iterator[Word]:
    """The words of a line that have a text and a place."""
    for element in children(line, "Word"):
        texts, polygon = _spelt(element), _read_points(element, "Coords")
        if texts and polygon:
            yield Word(texts[0].text, polygon, _given(texts[0]), tuple(texts[1:]))


def _spelt(word: Element) -> list[Alternative]:
    """The readings of a word, its own or what its glyphs say; none for white space, which kraken
    has words of too."""
    texts = _texts(word)
    if not (texts and texts[0].text):
        glyphs = [found[0].text for glyph in children(word, "Glyph") if (found := _texts(glyph))]
        texts = [Alternative("".join(glyphs)), *texts[1:]]
    return texts if texts[0].text.strip(WHITE_SPACE) else []


def _given(main: Alternative) -> float:
    """The confidence of a main text; 1 where none is given, as the text then was given too."""
    return 1.0 if main.confidence is None else main.confidence


def _texts(element: Element) -> list[Alternative]:
    """The readings of the element itself, the main one first."""
    equivalents = sorted(children(element, "TextEquiv"), key=lambda e: number_of(e, "index", 0))
    return [
        Alternative(
            content.text or "",
            confidence_of(equivalent, "conf") if equivalent.get("conf") else None,
        )
        for equivalent in equivalents
        if (content := child(equivalent, "Unicode")) is not None
    ]


def _read_points(element: Element, name: str) -> tuple[Point, ...]:
    found = child(element, name)
    return points(found.get("points")) if found is not None else ()


def _regions(body: Element) -> list[Element]:
    """The text regions, cells of tables too, in reading order; those that it does not name stand
    with the region around them, or come last."""
    order = _reading_order(body)
    found: list[tuple[int, Element]] = []
    waiting = [(len(order), body)]
    while waiting:  # not recursive: a file may nest as deep as it likes
        rank, element = waiting.pop()
        if local_name(element) in ("TextRegion", CELL):
            found.append((rank, element))
        inner = [each for each in element if local_name(each).endswith(("Region", CELL))]
        waiting += [(order.get(each.get("id", ""), rank), each) for each in reversed(inner)]
    return [element for _, element in sorted(found, key=lambda pair: pair[0])]


def _reading_order(body: Element) -> dict[str, int]:
    """Region id -> its place in the reading order, groups within groups resolved."""
    order: dict[str, int] = {}
    waiting = list(children(body, "ReadingOrder"))
    while waiting:
        element = waiting.pop()
        if region := element.get("regionRef"):
            order.setdefault(region, len(order))
        waiting += sorted(element, key=lambda each: number_of(each, "index", 0))[::-1]
    return order
