"""PAGE and ALTO against their schemas, hOCR against the rules of its specification."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pageexamples import pages, read_page

from ocr.formats import WRITERS
from ocr.types import PageTranscript

etree = pytest.importorskip("lxml.etree")

SCHEMAS = Path(__file__).parents[1] / "schemas"
FILES = {"pagexml": "page-2019-07-15.xsd", "alto": "alto-4-2.xsd"}
VALIDATORS = {kind: etree.XMLSchema(etree.parse(SCHEMAS / name)) for kind, name in FILES.items()}
ANY_TEXT = st.text(max_size=20)

INTEGER, NUMBER = r"-?\d+", r"-?\d+(\.\d+)?(e-?\d+)?"
PROPERTIES = {  # hOCR 1.2, chapter 5: name -> the form of its value
    "bbox": rf"({INTEGER} ){{3}}{INTEGER}",
    "poly": rf"({INTEGER} {INTEGER} ){{2,}}{INTEGER} {INTEGER}",
    "baseline": rf"{NUMBER} {NUMBER}",
    "image": r'"[^"]*"',
    "ppageno": r"\d+",
    "x_wconf": rf"{NUMBER}",
}
PARENTS = {  # class -> the class around it: typesetting elements, chapters 3 and 4
    "ocr_page": None,
    "ocr_carea": "ocr_page",
    "ocr_par": "ocr_carea",
    "ocr_line": "ocr_par",
    "ocrx_word": "ocr_line",
}
XHTML = "{http://www.w3.org/1999/xhtml}"


def complaints(kind: str, data: bytes) -> list[str]:
    """What the schema has against a document."""
    validator = VALIDATORS[kind]
    validator.validate(etree.fromstring(data))
    return [str(error) for error in validator.error_log]


@settings(max_examples=60)
@given(pages(ANY_TEXT), st.sampled_from(list(FILES)))
def test_every_page_is_valid(page: PageTranscript, kind: str) -> None:
    data = WRITERS[kind](page)
    assert isinstance(data, bytes)
    assert complaints(kind, data) == []


@pytest.mark.parametrize("kind", FILES)
def test_words_from_characters_are_valid(kind: str) -> None:
    data = WRITERS[kind](read_page())
    assert isinstance(data, bytes)
    assert complaints(kind, data) == []
    text = data.decode()
    assert text.count("<SP ") == (0 if kind == "pagexml" else 4)
    assert text.count("<Word " if kind == "pagexml" else "<String ") == (
        5 if kind == "pagexml" else 7
    )


@pytest.mark.parametrize("kind", FILES)
def test_the_validator_sees_faults(kind: str) -> None:
    data = WRITERS[kind](read_page())
    assert isinstance(data, bytes)
    twice = data.replace(b'"l2"', b'"l1"')
    assert any("l1" in complaint for complaint in complaints(kind, twice))
    assert complaints(kind, data.replace(b"TextLine", b"Textline"))


def rules_broken(data: bytes) -> list[str]:
    """What the rules of hOCR have against a document."""
    root = ElementTree.fromstring(data.removeprefix(b"<!DOCTYPE html>"))
    metas = {meta.get("name"): meta.get("content", "") for meta in root.iter(f"{XHTML}meta")}
    faults = [f"no {name}" for name in ("ocr-system", "ocr-capabilities") if not metas.get(name)]
    capable = metas.get("ocr-capabilities", "").split()
    ids: Counter[str] = Counter()

    def visit(element: ElementTree.Element, around: str | None) -> None:
        kind = element.get("class")
        if kind is not None:
            ids[element.get("id", "")] += 1
            faults.extend(judged(kind, around, element.get("title", "")))
            faults.extend([] if kind in capable else [f"{kind} is no declared capability"])
        for child in element:
            visit(child, kind or around)

    visit(root, None)
    return faults + [f"id {name} is not unique" for name, count in ids.items() if count > 1]


def judged(kind: str, around: str | None, title: str) -> list[str]:
    """The faults of one element."""
    faults = [] if PARENTS.get(kind, "unknown") == around else [f"{kind} in {around}"]
    names = []
    for part in re.findall(r'(?:"[^"]*"|[^;"])+', title):
        name, _, value = part.strip().partition(" ")
        names.append(name)
        if not re.fullmatch(PROPERTIES.get(name, "(?!)"), value):
            faults.append(f"{name} of {kind} is {value!r}")
        if name == "bbox":
            left, top, right, bottom = map(int, value.split())
            faults += [] if left <= right and top <= bottom else [f"bbox {value}"]
        if name == "x_wconf" and not 0 <= float(value) <= 100:
            faults.append(f"x_wconf {value}")
    needed = {"bbox"} | ({"image"} if kind == "ocr_page" else set())
    faults += [f"{kind} lacks {name}" for name in needed - set(names)]
    return faults + [f"{name} twice" for name, count in Counter(names).items() if count > 1]


@settings(max_examples=60)
@given(pages(ANY_TEXT))
def test_hocr_keeps_the_rules(page: PageTranscript) -> None:
    data = WRITERS["hocr"](page)
    assert isinstance(data, bytes)
    assert rules_broken(data) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b'"ocr_line"', b'"ocr_lines"', "ocr_lines in ocr_par"),
        (b"ocr-system", b"system", "no ocr-system"),
        (b"bbox 100 50 300 120", b"bbox 400 50 300 120", "bbox 400 50 300 120"),
        (b"x_wconf 75", b"x_wconf 750", "x_wconf 750"),
        (b"; poly 100", b"; poly x", "poly of ocr_line"),
        (b"; ppageno 0", b"; pages 0", "pages of ocr_page"),
        (b'id="l2"', b'id="l1"', "id l1 is not unique"),
    ],
)
def test_the_rules_see_faults(before: bytes, after: bytes, fault: str) -> None:
    data = WRITERS["hocr"](read_page())
    assert isinstance(data, bytes)
    assert before in data
    assert any(fault in broken for broken in rules_broken(data.replace(before, after)))
