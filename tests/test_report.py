"""The HTML report: well-formed, escaped, self-contained, and marked where the texts differ."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.charts import LEFT, SHARES, SIDE, TOP
from ocr.confidence import Bin
from ocr.errors import ImageError
from ocr.evaluation import Failure, LineResult, Report
from ocr.metrics import Edits, confusions, edit_counts, error_rate, word_error_rate
from ocr.report import MAX_HEIGHT, MAX_WIDTH, html_report
from ocr.types import Float32Array, Sample

VOID = {"meta", "img", "br"}


class Outline(HTMLParser):
    """Checks that every element is closed in order; collects elements and their text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def parsed(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    return outline


def report_of(pairs: list[tuple[str, str]], failed: tuple[Failure, ...] = ()) -> Report:
    lines = []
    for index, (reference, text) in enumerate(pairs):
        edits = edit_counts(reference, text)
        sample = Sample(f"line {index}", Path(f"{index}.png"), reference)
        lines.append(LineResult(sample, text, edits.count, edits.length, 0.5))
    cer = error_rate([Edits(line.edits, line.length) for line in lines])
    wer = word_error_rate(pairs)
    return Report("0123456789ab", cer, wer, tuple(lines), confusions(pairs), failed, 2.0)


def ramp(sample: Sample) -> Float32Array:
    """(200, 400), paper on the left, ink on the right."""
    return np.tile(np.linspace(0, 1, 400, dtype=np.float32), (200, 1))


def embedded(outline: Outline) -> list[Image.Image]:
    images = []
    for attributes in outline.all("img"):
        source = attributes["src"] or ""
        assert source.startswith("data:image/jpeg;base64,")
        images.append(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
    return images


def marks(reference: str, text: str) -> tuple[list[str], list[str]]:
    """What is marked as missed and as written, without the legend's own two marks."""
    outline = parsed(html_report(report_of([(reference, text)]), load=ramp))
    return outline.inside("del")[1:], outline.inside("ins")[1:]


def test_differences_are_struck_through_and_underlined() -> None:
    assert marks("the house", "tho hous") == (["e", "e"], ["o"])
    assert marks("ab", "xyab") == ([], ["xy"])
    assert marks("burning", "bing") == (["urn"], [])
    assert marks("d'accord", "d\u2019aceord") == (["'", "c"], ["\u2019", "e"])


def test_both_texts_can_be_read_in_full() -> None:
    page = html_report(report_of([("the <b> house", "tho hous & co")]), load=ramp)
    texts = re.findall(r'<dd dir="auto" lang="">(.*?)</dd>', page)
    plain = ["".join(parsed_text(text)) for text in texts]
    assert plain == ["the <b> house", "tho hous & co"]


def parsed_text(fragment: str) -> list[str]:
    return [text for _, text in parsed(f"<p>{fragment}</p>").texts]


def test_text_from_outside_cannot_become_markup() -> None:
    attack = "\"><script>alert('x')</script>&lt;"
    report = report_of([(attack, "none"), ("x", attack)], (Failure(attack, attack),))
    lines = tuple(
        LineResult(replace(line.sample, id=attack), line.text, 1, 1, 0.5) for line in report.lines
    )
    hostile = Report(
        attack, report.cer, report.wer, lines, report.confusions, report.failed, report.seconds
    )
    outline = parsed(html_report(hostile, load=ramp))
    assert outline.all("script") == []
    assert {attributes["alt"] for attributes in outline.all("img")} == {f"Line {attack}"}
    assert attack in outline.inside("h1")[0]
    assert outline.inside("li") == [f": {attack}"]


def test_a_confused_character_cannot_become_markup() -> None:
    page = html_report(report_of([("a<b", "a&b")]), load=ramp)
    assert '<bdi lang="">&lt;</bdi>' in page
    assert '<bdi lang="">&amp;</bdi>' in page


def test_a_file_name_in_no_encoding_can_be_written() -> None:
    report = report_of([("a", "b")], (Failure("caf\udce9.png", "unreadable"),))
    assert "caf?.png" in html_report(report, load=ramp).encode("utf-8").decode("utf-8")


def test_the_page_loads_nothing_from_outside() -> None:
    page = html_report(report_of([("a", "b")]), load=ramp)
    outline = parsed(page)
    assert not {"link", "script", "iframe", "object"} & {tag for tag, _ in outline.elements}
    assert not any(word in page for word in ("http:", "https:", "url(", "@import"))
    policies = [entry["content"] for entry in outline.all("meta") if "http-equiv" in entry]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_images_are_embedded_small_and_in_their_own_tones() -> None:
    outline = parsed(html_report(report_of([("a", "b")]), load=ramp))
    (image,) = embedded(outline)
    assert image.size == (2 * MAX_HEIGHT, MAX_HEIGHT)
    assert outline.all("img")[0]["height"] == str(MAX_HEIGHT)
    grey = np.asarray(image.convert("L"), dtype=float)
    assert np.abs(grey - np.linspace(255, 0, 2 * MAX_HEIGHT)).max() < 12


@pytest.mark.parametrize(
    ("shape", "size"), [((20, 30), (30, 20)), ((60, 2 * MAX_WIDTH), (MAX_WIDTH, 30))]
)
def test_images_are_never_enlarged_nor_too_wide(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    page = html_report(report_of([("a", "b")]), load=lambda _: np.zeros(shape, np.float32))
    (image,) = embedded(parsed(page))
    assert image.size == size


def test_an_image_that_has_gone_leaves_its_reason() -> None:
    def gone(sample: Sample) -> Float32Array:
        raise ImageError(f"{sample.image} does not exist", "was it <moved>?")

    outline = parsed(html_report(report_of([("a", "b")]), load=gone))
    assert outline.all("img") == []
    assert "No image: 0.png does not exist; was it <moved>?" in outline.inside("p")


def test_the_images_of_a_page_are_loaded_together() -> None:
    """In whatever order the lines are shown: a page is opened once."""
    report = report_of([("abc", "xyz"), ("ab", "xy"), ("abcd", "a"), ("a", "b")])
    lines = tuple(
        replace(line, sample=replace(line.sample, image=Path(f"{number % 2}.png")))
        for number, line in enumerate(report.lines)
    )
    loaded: list[str] = []

    def load(sample: Sample) -> Float32Array:
        loaded.append(sample.image.name)
        return ramp(sample)

    page = html_report(replace(report, lines=lines), load=load)
    assert loaded == ["0.png", "0.png", "1.png", "1.png"]
    shown = [text for text in parsed(page).inside("bdi") if text.startswith("line ")]
    assert shown == [line.id for line in replace(report, lines=lines).worst(4)]


def test_only_the_worst_lines_are_shown_and_the_others_are_counted() -> None:
    page = html_report(report_of([("abc", "abx"), ("abc", "xyz"), ("a", "a"), ("d", "e")]), 1, ramp)
    outline = parsed(page)
    assert len(outline.all("article")) == 1
    assert "line 1" in outline.inside("bdi")
    assert "line 0" not in outline.inside("bdi")
    assert "1 line read without error. 2 more lines with errors not shown." in page


def test_a_perfect_reading_needs_no_legend_and_no_table_of_confusions() -> None:
    outline = parsed(html_report(report_of([("abc", "abc")]), load=ramp))
    assert outline.all("article") == outline.all("del") == []
    assert outline.inside("h2") == ["Lines by error rate", "Lines with most errors"]
    assert "0.00 %" in outline.inside("dd")


def test_confidences_are_drawn() -> None:
    """A point per bin where it belongs, and the errors' curve from corner to corner."""
    report = report_of([("abc", "abx"), ("abc", "xyz")])
    bins = (Bin(25, 0.25, 0.5), Bin(75, 1.0, 0.75))
    outline = parsed(html_report(dataclasses.replace(report, reliability=bins), load=ramp))
    first, second = outline.all("circle")
    assert (first["cx"], first["cy"]) == (f"{LEFT + SIDE / 4:.1f}", f"{TOP + SIDE / 2:.1f}")
    assert (second["cx"], second["cy"]) == (f"{LEFT + SIDE:.1f}", f"{TOP + SIDE / 4:.1f}")
    areas = [float(point["r"] or 0) ** 2 for point in (first, second)]
    assert areas[1] / areas[0] == pytest.approx(3, rel=0.05)
    curve = (outline.all("polyline")[0]["points"] or "").split()
    assert curve[0] == f"{LEFT}.0,{TOP + SIDE}.0"
    assert curve[-1] == f"{LEFT + SIDE}.0,{TOP}.0"
    assert len(curve) == len(SHARES)
    assert "Expected calibration error 25.0 points" in outline.inside("p")
    assert "Reliability of confidences" not in html_report(report, load=ramp)


def test_header_gives_the_rates_with_interval_and_lines() -> None:
    few = report_of([("abcdefghij", "abcdefghix"), ("a b", "a b")])
    assert parsed(html_report(few, load=ramp)).inside("dd")[1] == (
        "no interval: for one it takes 20 lines and an error, over 2 lines"
    )
    report = report_of([("abcdefghij", "abcdefghix"), ("a b", "a b")] * 10)
    outline = parsed(html_report(report, load=ramp))
    figures = outline.inside("dd")
    low, high = (f"{100 * bound:.2f} %" for bound in report.cer.interval)
    assert figures[0] == "7.69 %"
    assert figures[1] == f"95 % interval {low} to {high}, over 20 lines"
    assert figures[2] == "10 edits in 130 characters"
    assert "33.33 %" in figures
    assert "20 lines read; 2.0 s, 10.0 lines per second" in outline.inside("p")


def test_histogram_counts_every_line_once() -> None:
    exact = "abcdefghijklmnopqrst"  # 20 characters: one edit is 5 %
    texts = [exact, "X" + exact[1:], "XY" + exact[2:], "X" * 5 + exact[5:], "X" * 20, ""]
    page = html_report(report_of([(exact, text) for text in texts]), load=ramp)
    table = page[page.index("Lines by error rate") : page.index("Most confused")]
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(\d+)</td>', table)
    assert rows == [
        ("no error", "1"),
        ("up to 5 %", "1"),
        ("up to 10 %", "1"),
        ("up to 20 %", "0"),
        ("up to 50 %", "1"),
        ("above 50 %", "2"),
    ]
    assert re.findall(r"width:(.*?)%", table) == ["50.0", "50.0", "50.0", "50.0", "100.0"]


def test_confused_characters_are_named_also_where_they_cannot_be_seen() -> None:
    outline = parsed(html_report(report_of([("a b", "ab"), ("x", "x\u0301")]), load=ramp))
    assert {"space", "\u25cc\u0301"} <= set(outline.inside("bdi"))
    assert outline.inside("span") == ["nothing", "nothing"]
    assert {"U+0020", "U+0301"} == set(outline.inside("code"))
    assert {entry["title"] for entry in outline.all("code")} == {"SPACE", "COMBINING ACUTE ACCENT"}


def test_texts_set_their_own_direction() -> None:
    outline = parsed(html_report(report_of([("\u05e9\u05dc\u05d5\u05dd", "abc")]), load=ramp))
    directed = [entry for entry in outline.all("dd") if entry.get("dir") == "auto"]
    assert len(directed) == 2
