"""Pages as other programs write them, and files that no program should have written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from ocr.errors import ImageError, PageFileError
from ocr.formats import WRITERS, pagefile
from ocr.formats.pagefile import read_page
from ocr.formats.words import words_of
from ocr.types import Alternative, LoadedPage, Page, Point

PAGE_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
COORDS = '<Coords points="10,10 200,10 200,50 10,50"/>'


def page_xml(body: str, image: str = "scan.png", version: str = "2013-07-15") -> str:
    return (
        f'<?xml version="1.0"?><PcGts xmlns="{PAGE_NAMESPACE}{version}"><Metadata/>'
        f'<Page imageFilename="{image}" imageWidth="300" imageHeight="200">{body}</Page></PcGts>'
    )


def region(name: str, *lines: str) -> str:
    texts = "".join(
        f'<TextLine id="{name}{text}">{COORDS}<TextEquiv><Unicode>{text}</Unicode></TextEquiv>'
        "</TextLine>"
        for text in lines
    )
    return f'<TextRegion id="{name}">{COORDS}{texts}</TextRegion>'


def alto(body: str, unit: str = "pixel", size: str = 'WIDTH="300" HEIGHT="200"') -> str:
    return (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v2#"><Description>'
        f"<MeasurementUnit>{unit}</MeasurementUnit><sourceImageInformation>"
        "<fileName>scan.png</fileName></sourceImageInformation></Description>"
        f'<Layout><Page ID="P1" PHYSICAL_IMG_NR="7" {size}><PrintSpace>{body}</PrintSpace></Page>'
        "</Layout></alto>"
    )


def written(folder: Path, content: str | bytes, name: str = "a.xml") -> Path:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    return folder / name


def read(folder: Path, content: str | bytes, name: str = "a.xml") -> LoadedPage:
    return read_page(written(folder, content, name))


def texts(loaded: LoadedPage) -> list[str]:
    return [reading.text for reading in loaded.transcript.transcripts]


def refusal(folder: Path, content: str | bytes) -> str:
    """The one line that refuses a file; it names the file."""
    with pytest.raises(PageFileError) as caught:
        read(folder, content)
    assert "a.xml" in caught.value.message
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_reading_order_of_page_xml(tmp_path: Path) -> None:
    """Groups within groups; a nested region goes with its parent; the unnamed come last."""
    order = (
        '<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="2" regionRef="r1"/>'
        '<UnorderedGroupIndexed id="u" index="1"><RegionRef regionRef="r4"/>'
        '<RegionRef regionRef="r3"/></UnorderedGroupIndexed>'
        '<RegionRefIndexed index="0" regionRef="r2"/></OrderedGroup></ReadingOrder>'
    )
    nested = region("r2", "b").replace("</TextRegion>", region("r5", "c") + "</TextRegion>")
    table = f'<TableRegion id="r3">{COORDS}{region("r6", "e")}</TableRegion>'
    body = region("r7", "z") + region("r1", "f", "g") + nested + table + region("r4", "d")
    assert texts(read(tmp_path, page_xml(order + body))) == ["b", "c", "d", "e", "f", "g", "z"]
    assert texts(read(tmp_path, page_xml(body))) == ["z", "f", "g", "b", "c", "e", "d"]


def test_the_cells_of_a_table_in_page_xml(tmp_path: Path) -> None:
    """Transkribus puts the lines of a cell into the cell itself."""
    cells = "".join(region(f"c{n}", text) for n, text in enumerate(("Dupont", "12 fr."), start=1))
    cells = cells.replace("TextRegion", "TableCell")
    table = f'<TableRegion id="t">{COORDS}{cells}</TableRegion>'
    body = region("r1", "Head") + table + region("r2", "Foot")
    assert texts(read(tmp_path, page_xml(body))) == ["Head", "Dupont", "12 fr.", "Foot"]


def test_the_texts_of_page_xml(tmp_path: Path) -> None:
    """The lowest index is the text; without any, the words make it; without these, none."""

    def equivalent(index: str, text: str, confidence: str = "") -> str:
        return f"<TextEquiv {index} {confidence}><Unicode>{text}</Unicode></TextEquiv>"

    word = "<Word>" + COORDS + equivalent("", "{}", 'conf="0.5"') + "</Word>"
    doubted = equivalent('index="1"', "sure") + equivalent('index="3"', "last")
    doubted += equivalent('index="2"', "next", 'conf="0.25"')
    lines = (
        equivalent('index="2"', "other") + equivalent('index="1"', "main", 'conf="0.25"'),
        word.format("two") + word.format("words"),
        "",
        word.format("own") + equivalent("", "its own text", 'conf="7"'),
        "<TextEquiv><PlainText>plain</PlainText></TextEquiv>",
        f"<Word>{COORDS}{doubted}</Word>",
    )
    body = "".join(f'<TextLine id="l{i}">{COORDS}{line}</TextLine>' for i, line in enumerate(lines))
    loaded = read(tmp_path, page_xml(f'<TextRegion id="r">{body}</TextRegion>'))
    assert texts(loaded) == ["main", "two words", "", "its own text", "", "sure"]
    first, second, third, fourth, _, sixth = loaded.transcript.transcripts
    assert (first.confidence, first.alternatives) == (0.25, ("other",))
    assert [word.confidence for word in second.words] == [0.5, 0.5]
    assert loaded.transcript.page.lines[2].text is None
    assert third.confidence == fourth.confidence == sixth.words[0].confidence == 1.0
    assert sixth.words[0].alternatives == (Alternative("next", 0.25), Alternative("last"))


def test_alternatives_of_alto(tmp_path: Path) -> None:
    """Of a word; of the line where the purpose says so, or where the line is a single string."""
    box = 'HPOS="{}" VPOS="10" WIDTH="{}" HEIGHT="20"'
    line, left, right = box.format(10, 100), box.format(10, 40), box.format(60, 50)
    other, purposed = (
        "<ALTERNATIVE>{}</ALTERNATIVE>",
        '<ALTERNATIVE PURPOSE="line">{}</ALTERNATIVE>',
    )
    body = (
        f'<TextLine ID="a" {line}><String CONTENT="Go" {left}>{other.format("Co")}'
        f'{purposed.format("Co home")}</String><String CONTENT="home" {right}/></TextLine>'
        f'<TextLine ID="b" {line}><String CONTENT="Go home" {line}>{other.format("Co home")}'
        "</String></TextLine>"
    )
    first, second = read(
        tmp_path, alto(f'<TextBlock ID="t">{body}</TextBlock>')
    ).transcript.transcripts
    assert first.alternatives == second.alternatives == ("Co home",)
    assert [word.alternatives for word in first.words] == [(Alternative("Co"),), ()]
    assert second.words == ()


def test_alto_of_old(tmp_path: Path) -> None:
    """Version 2: no shapes, a baseline that is one number, a hyphen, margins, nested blocks."""
    body = (
        '<ComposedBlock ID="C"><TextBlock ID="B" HPOS="1" VPOS="1" WIDTH="9" HEIGHT="9">'
        '<TextLine ID="L" HPOS="10" VPOS="20" WIDTH="100" HEIGHT="30" BASELINE="44">'
        '<String CONTENT="auf" HPOS="10" VPOS="20" WIDTH="30" HEIGHT="30" WC="0.9"/><SP/>'
        '<String CONTENT="ge" HPOS="50" VPOS="20" WIDTH="20" HEIGHT="30" WC="0.4"/>'
        '<HYP CONTENT="-"/></TextLine></TextBlock></ComposedBlock>'
    )
    loaded = read(tmp_path, alto(body))
    (line,), (reading,) = loaded.transcript.page.lines, loaded.transcript.transcripts
    assert loaded.transcript.page == Page("P1", tmp_path / "scan.png", 300, 200, (line,), 0)
    assert (line.id, line.region, line.text) == ("L", "B", "auf ge-")
    assert line.polygon == ((10, 20), (110, 20), (110, 50), (10, 50))
    assert line.baseline == ((10, 44), (110, 44))
    assert reading.confidence == pytest.approx((3 * 0.9 + 2 * 0.4) / 5)
    assert [word.polygon[0] for word in reading.words] == [(10, 20), (50, 20)]


@pytest.mark.parametrize(("unit", "per_inch"), [("mm10", 254), ("inch1200", 1200)])
def test_alto_in_other_units(tmp_path: Path, unit: str, per_inch: int) -> None:
    """An image at 150 dpi: its size over that of the page says how many pixels a unit has."""
    Image.new("L", (300, 450)).save(tmp_path / "scan.png")
    scale = per_inch / 150
    size = f'WIDTH="{300 * scale}" HEIGHT="{450 * scale}"'
    numbers = " ".join(str(value * scale) for value in (30, 60, 240, 60, 240, 90, 30, 90))
    body = (
        f'<TextBlock ID="B"><TextLine ID="L" BASELINE="{30 * scale} {85 * scale} {240 * scale} '
        f'{85 * scale}"><Shape><Polygon POINTS="{numbers}"/></Shape><String CONTENT="x" '
        f'HPOS="{30 * scale}" VPOS="{60 * scale}" WIDTH="{60 * scale}" HEIGHT="{30 * scale}"/>'
        "</TextLine></TextBlock>"
    )
    level = body.replace(
        f'"{30 * scale} {85 * scale} {240 * scale} {85 * scale}"', f'"{85 * scale}"'
    )
    assert level != body
    (old,) = read(tmp_path, alto(level, unit, size)).transcript.page.lines
    assert [pytest.approx(point) for point in old.baseline] == [(30, 85), (240, 85)]
    page = read(tmp_path, alto(body, unit, size)).transcript
    assert (page.page.width, page.page.height) == (300, 450)
    (line,), (reading,) = page.page.lines, page.transcripts
    for found, expected in (
        (line.polygon, [(30, 60), (240, 60), (240, 90), (30, 90)]),
        (line.baseline, [(30, 85), (240, 85)]),
        (reading.words[0].polygon, [(30, 60), (90, 60), (90, 90), (30, 90)]),
    ):
        assert [pytest.approx(point) for point in found] == expected
    assert "gives no size of its page" in refusal(tmp_path, alto(body, unit, ""))
    (tmp_path / "scan.png").unlink()
    with pytest.raises(ImageError, match=r"scan\.png does not exist"):
        read(tmp_path, alto(body, unit, size))


def test_alto_without_a_size_takes_the_image_s(tmp_path: Path) -> None:
    Image.new("L", (30, 45)).save(tmp_path / "scan.png")
    page = read(tmp_path, alto("", size="")).transcript.page
    assert (page.width, page.height, page.lines) == (30, 45, ())


BOXED = 'HPOS="{}" VPOS="10" WIDTH="{}" HEIGHT="20"'


def test_a_hyphen_of_alto_belongs_to_the_last_word(tmp_path: Path) -> None:
    body = (
        f'<TextLine ID="a" {BOXED.format(10, 100)}><String CONTENT="alte" WC="0.5" '
        f'{BOXED.format(10, 40)}/><SP/><String CONTENT="K\u00f6" WC="0.25" {BOXED.format(60, 50)}/>'
        '<HYP CONTENT="-"/></TextLine>'
    )
    loaded = read(tmp_path, alto(f'<TextBlock ID="t">{body}</TextBlock>'))
    (reading,) = loaded.transcript.transcripts
    assert reading.text == "alte K\u00f6-"
    assert words_of(loaded.transcript.page.lines[0], reading) == reading.words
    assert [(w.text, w.confidence) for w in reading.words] == [("alte", 0.5), ("K\u00f6-", 0.25)]


def test_a_hyphen_of_alto_after_a_string_without_a_place(tmp_path: Path) -> None:
    body = (
        f'<TextLine ID="a" {BOXED.format(10, 100)}><String CONTENT="ab" {BOXED.format(10, 40)}/>'
        '<String CONTENT="cd"/><HYP CONTENT="-"/></TextLine>'
    )
    loaded = read(tmp_path, alto(f'<TextBlock ID="t">{body}</TextBlock>'))
    (reading,) = loaded.transcript.transcripts
    assert (reading.text, [word.text for word in reading.words]) == ("ab cd-", ["ab"])


def test_alto_laid_out_for_the_eye(tmp_path: Path) -> None:
    """White space around a name, and an outline without points beside a box."""
    body = (
        f'<TextLine ID="a" {BOXED.format(10, 100)}><Shape><Polygon POINTS=""/></Shape>'
        f'<String CONTENT="x" {BOXED.format(10, 40)}/></TextLine>'
    )
    content = alto(f'<TextBlock ID="t">{body}</TextBlock>')
    loaded = read(tmp_path, content.replace("scan.png", "\n  scan.png\n  "))
    assert loaded.transcript.page.image == tmp_path / "scan.png"
    assert loaded.problems == ()
    assert loaded.transcript.page.lines[0].polygon == ((10, 10), (110, 10), (110, 30), (10, 30))


def word_xml(text: str, confidence: str = "", coords: str = COORDS) -> str:
    mark = f' conf="{confidence}"' if confidence else ""
    return f"<Word>{coords}<TextEquiv{mark}><Unicode>{text}</Unicode></TextEquiv></Word>"


def test_a_line_of_page_xml_that_only_its_words_tell_of(tmp_path: Path) -> None:
    words = word_xml("Go", "0.5") + word_xml("home", "0.8") + word_xml("now", coords="")
    given = (
        ("", "Go home now", 0.7),
        ("<TextEquiv><Unicode/></TextEquiv>", "Go home now", 0.7),
        ('<TextEquiv conf="0.1"><Unicode>Gone</Unicode></TextEquiv>', "Gone", 0.1),
        ("<TextEquiv><Unicode>Go home</Unicode></TextEquiv>", "Go home", 0.7),
    )
    for own, text, confidence in given:
        line = f'<TextLine id="l">{COORDS}{words}{own}</TextLine>'
        (reading,) = read(
            tmp_path, page_xml(f'<TextRegion id="r">{COORDS}{line}</TextRegion>')
        ).transcript.transcripts
        assert (reading.text, reading.confidence) == (text, pytest.approx(confidence))


def test_text_that_stands_in_no_line(tmp_path: Path) -> None:
    own = "<TextEquiv><Unicode>Dear Sir</Unicode></TextEquiv>"
    bare = f'<TextRegion id="bare">{COORDS}{own}</TextRegion>'
    repeated = region("r", "Dear Sir").replace("</TextRegion>", own + "</TextRegion>")
    around = f'<TextRegion id="around">{COORDS}{repeated}{own}</TextRegion>'
    loaded = read(tmp_path, page_xml(bare + around))
    assert texts(loaded) == ["Dear Sir"]
    (problem,) = loaded.problems
    assert problem.id.endswith("a.xml#bare")
    assert problem.reason == "its text stands in no line"
    hocr = TESSERACT.replace("class='ocr_line'", "class='ocr_unknown'")
    (problem,) = read(tmp_path, hocr, "a.hocr").problems
    assert problem.id.endswith("a.hocr#word_1")
    assert problem.reason == "2 words from here on stand in no line"


def test_hocr_whose_caption_has_lines(tmp_path: Path) -> None:
    hocr = TESSERACT.replace("class='ocr_par'", "class='ocr_caption'").replace(
        "class='ocr_header'", "class='ocr_line'"
    )
    assert texts(read(tmp_path, hocr)) == ["Tom &\u00a0Co", "no wordsbut text"]
    said = hocr.replace(
        "<span class='ocr_line' id='line_1'", "Fig. 1 <span class='ocr_line' id='line_1'"
    )
    assert texts(read(tmp_path, said)) == ["Fig. 1", "Tom &\u00a0Co", "no wordsbut text"]


def test_page_xml_in_utf_16(tmp_path: Path) -> None:
    content = page_xml(region("r", "one")).replace('"1.0"?', '"1.0" encoding="UTF-16"?')
    path = written(tmp_path, content.encode("utf-16"))
    assert pagefile.is_page(path)
    assert texts(read_page(path)) == ["one"]


@pytest.mark.parametrize("text", ['"x \\ud800"', "7"])
def test_json_whose_text_is_none(tmp_path: Path, text: str) -> None:
    page = json.loads(outlined("json", [("a", "10 10 200 10 200 50")]))
    content = json.dumps(page).replace('"text": "x"', f'"text": {text}', 1)
    assert content != json.dumps(page)
    assert "is not a whole page" in refusal(tmp_path, content)


TESSERACT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head>
  <meta name='ocr-system' content='tesseract 5' /></head>
 <body>
  <div class='ocr_page' id='page_1' title='image "/elsewhere/a;b&#39;s.png"; bbox 0 0 300 200; ppageno 0; scan_res 300 300'>
   <div class='ocr_carea' id='block_1' title="bbox 10 10 200 50">
    <p class='ocr_par' id='par_1' lang='eng' title="bbox 10 10 200 50">
     <span class='ocr_line' id='line_1' title="bbox 10 10 200 50; baseline 0.01 -8; x_size 32.5">
      <span class='ocrx_word' id='word_1' title='bbox 10 10 60 50; x_wconf 96'><strong>Tom</strong></span>
      <span class='ocrx_word' id='word_2' title='bbox 70 10 200 50; x_wconf 43'>&amp;&nbsp;Co</span>
     </span>
     <span class='ocr_header' id='line_2' title="bbox 10 60 200 90">no words<br/>but text</span>
    </p></div></div></body></html>
"""  # noqa: E501


def test_hocr_of_tesseract(tmp_path: Path) -> None:
    page = read(tmp_path, TESSERACT).transcript
    assert page.page.image == tmp_path / "a;b's.png"
    assert (page.page.id, page.page.width, page.page.height) == ("page_1", 300, 200)
    assert [reading.text for reading in page.transcripts] == ["Tom &\u00a0Co", "no wordsbut text"]
    first, second = page.page.lines
    assert (first.id, first.region, second.region) == ("line_1", "block_1", "block_1")
    assert first.polygon == ((10, 10), (200, 10), (200, 50), (10, 50))
    assert first.baseline == ((10, 42), (200, pytest.approx(43.9)))
    words = page.transcripts[0].words
    assert [(word.text, word.confidence) for word in words] == [("Tom", 0.96), ("&\u00a0Co", 0.43)]
    assert page.transcripts[0].confidence == pytest.approx((3 * 0.96 + 4 * 0.43) / 7)
    assert page.model_id == ""


@pytest.mark.parametrize("damage", ["<![x[", "<![ ", f"&#{5000 * '9'};"])
def test_hocr_that_no_parser_reads(tmp_path: Path, damage: str) -> None:
    hocr = TESSERACT.replace("<body>", "<body>" + damage)
    with pytest.raises(PageFileError, match=r"a\.hocr is no HTML"):
        read(tmp_path, hocr, "a.hocr")


def test_hocr_with_a_box_for_every_character(tmp_path: Path) -> None:
    """As Tesseract writes it with hocr_char_boxes: what stands between the boxes is layout."""
    letter = "\n       <span class='ocrx_cinfo' title='x_bboxes 1 2 3 4; x_conf 98.6'>{}</span>"
    spelled = "".join(map(letter.format, "Tom"))
    hocr = TESSERACT.replace("<strong>Tom</strong>", f"{spelled}\n      ")
    loaded = read(tmp_path, hocr)
    assert texts(loaded) == ["Tom &\u00a0Co", "no wordsbut text"]
    assert [word.text for word in loaded.transcript.transcripts[0].words] == ["Tom", "&\u00a0Co"]


def test_hocr_with_other_readings_of_symbols(tmp_path: Path) -> None:
    """As Tesseract writes it with lstm_choice_mode."""
    choice = "<span class='ocrx_cinfo' id='c_{0}' title='x_confs 98'>{0}</span>"
    symbol = f"<span class='ocr_symbol' id='s'>{''.join(map(choice.format, 'TI'))}</span>"
    hocr = TESSERACT.replace("<strong>Tom</strong>", f"<strong>Tom</strong>\n{symbol}")
    assert texts(read(tmp_path, hocr)) == ["Tom &\u00a0Co", "no wordsbut text"]


@pytest.mark.parametrize(
    ("angle", "baseline"),
    [
        ("0", ()),
        ("90", ((200, 50), (200, 10))),
        ("180", ((200, 10), (10, 10))),
        ("270", ((10, 10), (10, 50))),
        ("-90", ((10, 10), (10, 50))),
        ("1e999", ()),
    ],
)
def test_a_turned_line_of_hocr(tmp_path: Path, angle: str, baseline: tuple[Point, ...]) -> None:
    """Tesseract writes no baseline then: it reads upwards after a quarter turn counterclockwise."""
    hocr = TESSERACT.replace("baseline 0.01 -8", f"textangle {angle}")
    assert read(tmp_path, hocr).transcript.page.lines[0].baseline == baseline


def test_page_xml_whose_words_are_spelled_by_glyphs(tmp_path: Path) -> None:
    """As kraken wrote it up to 2021, the text in nothing but the glyphs."""
    glyph = f"<Glyph>{COORDS}<TextEquiv><Unicode>{{}}</Unicode></TextEquiv></Glyph>"
    words = "".join(
        f"<Word>{COORDS}{''.join(map(glyph.format, word))}</Word>" for word in ("Go", "home")
    )
    line = f'<TextLine id="l">{COORDS}{words}</TextLine>'
    loaded = read(tmp_path, page_xml(f'<TextRegion id="r">{COORDS}{line}</TextRegion>'))
    assert texts(loaded) == ["Go home"]
    assert [word.text for word in loaded.transcript.transcripts[0].words] == ["Go", "home"]


def test_words_of_white_space_are_none(tmp_path: Path) -> None:
    """kraken has them between the others."""
    words = word_xml("Go", "0.5") + word_xml(" ", "1") + word_xml("home", "0.8")
    for own in ("", "<TextEquiv><Unicode>Go home</Unicode></TextEquiv>"):
        line = f'<TextLine id="l">{COORDS}{words}{own}</TextLine>'
        loaded = read(tmp_path, page_xml(f'<TextRegion id="r">{COORDS}{line}</TextRegion>'))
        assert texts(loaded) == ["Go home"]
        (line_read,) = loaded.transcript.page.lines
        (reading,) = loaded.transcript.transcripts
        assert [word.text for word in words_of(line_read, reading)] == ["Go", "home"]
    strings = "".join(
        f'<String CONTENT="{content}" HPOS="{left}" VPOS="10" WIDTH="9" HEIGHT="9"/>'
        for left, content in ((10, " "), (20, "Go"), (40, "home"))
    )
    place = 'HPOS="10" VPOS="10" WIDTH="190" HEIGHT="40"'
    body = f'<TextBlock ID="b"><TextLine ID="l" {place}>{strings}</TextLine></TextBlock>'
    assert texts(read(tmp_path, alto(body))) == ["Go home"]


@pytest.mark.parametrize("kind", ["pagexml", "alto", "hocr", "json"])
@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        ("10 10 200 50", "2 points"),
        ("10 10 50 50 90 90", "encloses nothing"),
        ("400 10 500 10 500 50 400 50", "encloses nothing"),
        ("10 10 200", "points"),
        ("1e400 10 50 10 50 20", None),
    ],
)
def test_a_degenerate_outline_costs_its_line_only(
    tmp_path: Path, kind: str, polygon: str, reason: str | None
) -> None:
    good = "10 10 200 10 200 50 10 50"
    lines = [("good", good), ("bad", polygon), ("fine", good)]
    loaded = read(tmp_path, outlined(kind, lines))
    names = [line.id for line in loaded.transcript.page.lines]
    if reason is None:
        assert names == ["good", "bad", "fine"]  # brought back to the page's edge
        return
    assert names == ["good", "fine"]
    assert len(loaded.transcript.transcripts) == 2
    (problem,) = loaded.problems
    assert problem.id == f"{tmp_path / 'a.xml'}#bad"
    assert reason in problem.reason
    assert problem.fix


def outlined(kind: str, lines: list[tuple[str, str]]) -> str:
    """A page with these lines: (id, numbers of the outline)."""
    if kind == "pagexml":
        bodies = (f'<TextLine id="{n}"><Coords points="{p}"/></TextLine>' for n, p in lines)
        return page_xml(f'<TextRegion id="r">{"".join(bodies)}</TextRegion>')
    if kind == "alto":
        bodies = (
            f'<TextLine ID="{n}"><Shape><Polygon POINTS="{p}"/></Shape></TextLine>'
            for n, p in lines
        )
        return alto(f'<TextBlock ID="b">{"".join(bodies)}</TextBlock>')
    if kind == "hocr":
        bodies = (f'<span class="ocr_line" id="{n}" title="poly {p}">x</span>' for n, p in lines)
        title = "image scan.png; bbox 0 0 300 200"
        return f'<html><div class="ocr_page" title="{title}">{"".join(bodies)}</div></html>'
    page = json.dumps(
        {
            "format": "carousel-page", "version": 1, "id": "p", "image": "scan.png", "width": 300,
            "height": 200, "model": "", "options": {},
            "lines": [json_line(*line) for line in lines],
        }
    )  # fmt: skip
    return page.replace("Infinity", "1e400")


def json_line(name: str, outline: str) -> dict[str, object]:
    numbers = [float(number) for number in outline.split()]
    return {
        "id": name, "region": "", "polygon": list(zip(numbers[::2], numbers[1::2], strict=False)),
        "baseline": [], "text": "x", "confidence": 1, "optical": None, "alternatives": [],
        "characters": [], "words": [],
    }  # fmt: skip


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL, "<!DOCTYPE PcGts>"])
def test_a_doctype_is_refused(tmp_path: Path, doctype: str) -> None:
    content = page_xml(region("r", "&b;" if "ENTITY" in doctype else "x"))
    head, body = content.split("?>", 1)
    assert "has a DOCTYPE" in refusal(tmp_path, f"{head}?>{doctype}{body}")
    assert "undefined entity" in refusal(tmp_path, content.replace("scan.png", "&b;"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("plain text", "not a page in a known format"),
        ("<TEI/>", "not a page in a known format"),
        (b"\x89PNG\r\n", "not a page in a known format"),
        ("<PcGts >", "not well-formed XML"),
        ("<PcGts ><a></PcGts>", "not well-formed XML"),
        ('<?xml version="1.0" encoding="x"?><alto ></alto>', "not well-formed XML"),
        (b"<alto >\xff</alto>", "not well-formed XML"),
        ("<alto ></alto>", "has 0 pages"),
        (page_xml("").replace("Page ", "Sheet ").replace("/Page>", "/Sheet>"), "has no page"),
        (page_xml("").replace('"300"', '"many"'), "gives no size of its page"),
        (page_xml("", version="2010-03-19"), "is PAGE 2010-03-19, too old"),
        (alto("", unit="furlong"), "counts in 'furlong'"),
        (alto("").replace("</Layout>", '<Page ID="P2"/></Layout>'), "has 2 pages"),
        ("<html><body></body></html>", "has 0 pages"),
        (b"<html>\xff</html>", "is not UTF-8"),
        ("<html>" + "<b>" * 300, "nests too deep"),
        ('<html><div class="ocr_page"></div></html>', "gives no size of its page"),
        ('<html><div class="ocr_page" title="bbox 1 2"></div></html>', "gives no size"),
        ("{", "holds damaged JSON"),
        ("[" * 3, "not a page in a known format"),
        ('{"a":' * 100_000, "holds damaged JSON"),
        ("{}", "is not a page in JSON"),
        ('{"format": "carousel-page", "version": 2}', "has version 2, known is 1"),
        ('{"format": "carousel-page", "version": 1}', "is not a whole page"),
        (outlined("json", []).replace('"model": ""', '"model": 7'), "7 is no text"),
        (outlined("json", []).replace("300", "NaN"), "NaN is no number of JSON"),
        (outlined("json", [("a", "1 1 9 1 9 9")]).replace('"confidence": 1', '"confidence": 2'),
         "is not a whole page"),
    ],
)  # fmt: skip
def test_what_is_no_page(tmp_path: Path, content: str | bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PageFileError, match=r"gone\.xml cannot be read: No such file"):
        read_page(tmp_path / "gone.xml")
    with pytest.raises(PageFileError, match="is a folder; name its files"):
        read_page(tmp_path)
    monkeypatch.setattr(pagefile, "MAX_BYTES", 100)
    assert "is larger than 100 bytes" in refusal(tmp_path, page_xml(""))


def test_depth_alone_is_no_harm(tmp_path: Path) -> None:
    """Neither the reader nor Python's stack gives way to regions within regions."""
    depth = 50_000
    body = "<TextRegion>" * depth + "</TextRegion>" * depth
    assert read(tmp_path, page_xml(body)).transcript.page.lines == ()


@pytest.mark.parametrize(
    "name",
    ["../scan.png", "/etc/passwd", "a/../../scan.png", "..\\scan.png", "C:\\scan.png", "C:scan.png",
     "http://example.org/scan.png", "//host/scan.png", "a//b.png", "..", "scan.png&#10;/../../x",
     "file:///etc/passwd"],
)  # fmt: skip
def test_an_image_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    Image.new("L", (300, 200)).save(tmp_path / "scan.png")
    for content in (page_xml("", name), alto("").replace("scan.png", name)):
        assert "which is not in its folder" in refusal(tmp_path / "data", content)


@pytest.mark.parametrize(
    "name", ["/home/me/scan.png", "C:\\scans\\scan.png", "../scans/scan.png", "/home/me/other.png"]
)
def test_an_image_named_as_on_another_computer_is_the_one_beside(tmp_path: Path, name: str) -> None:
    beside = tmp_path / ("scan.png" if "scan" in name.rpartition("/")[2] else "a.png")
    Image.new("L", (300, 200)).save(beside)
    assert read(tmp_path, page_xml("", name)).transcript.page.image == beside


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "inner").mkdir(parents=True)
    Image.new("L", (300, 200)).save(tmp_path / "scan.png")
    (data / "out.png").symlink_to(tmp_path / "scan.png")
    (data / "up").symlink_to(tmp_path)
    for name in ("out.png", "up/scan.png"):
        assert "which is not in its folder" in refusal(data, page_xml("", name))
    Image.new("L", (300, 200)).save(data / "inner" / "scan.png")
    (data / "in.png").symlink_to(data / "inner" / "scan.png")
    assert read(data, page_xml("", "in.png")).transcript.page.image == data / "in.png"


def test_which_image_is_meant(tmp_path: Path) -> None:
    """The one named, else the namesake of the page file; a fragment names the page."""

    def meant(image: str, name: str = "x.page.xml") -> tuple[str, int]:
        page = read(tmp_path, page_xml("", image), name).transcript.page
        return page.image.relative_to(tmp_path).as_posix(), page.index

    assert meant("b.png") == ("b.png", 0)
    assert meant("b.tif#page=3") == ("b.tif", 2)
    assert meant("") == ("x.page.png", 0)
    Image.new("L", (300, 200)).save(tmp_path / "x.jpg")
    assert meant("b.png") == ("x.jpg", 0)
    assert meant("") == ("x.jpg", 0)
    assert meant("b.tif#page=3") == ("x.jpg", 0), "the page, taken out"
    assert meant("b.png", "x.2.xml") == ("b.png", 0), "x.jpg is another page's"
    assert meant(300 * "b") == ("x.jpg", 0), "a name that no disk takes"
    Image.new("L", (300, 200)).save(tmp_path / "z.tif")
    assert meant("b.tif#page=3", "z.xml") == ("z.tif", 2), "it has got another name"
    Image.new("L", (300, 200)).save(tmp_path / "y.JPG")
    assert meant("b.png", "y.xml") == ("y.JPG", 0)
    (tmp_path / "images").mkdir()
    Image.new("L", (300, 200)).save(tmp_path / "images" / "b.png")
    assert meant("images/b.png") == meant("images\\b.png") == ("images/b.png", 0)


SHARED = Path(__file__).resolve().parents[3] / "shared" / "pages"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real pages are not here")
def test_real_pages_keep_every_line(tmp_path: Path) -> None:
    for file in sorted(SHARED.glob("*/*/*.xml")):
        loaded = read_page(file)
        assert loaded.problems == ()
        assert len(loaded.transcript.page.lines) == file.read_text("utf-8").count("<TextLine ")
        assert loaded.transcript.page.image.is_file()
        for kind, name in (("pagexml", "a.page.xml"), ("alto", "a.alto.xml")):
            back = read(tmp_path, WRITERS[kind](loaded.transcript), name).transcript
            assert back.page.lines == loaded.transcript.page.lines
            assert texts(LoadedPage(back)) == texts(loaded)
