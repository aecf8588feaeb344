"""ocr segment, and how recognize takes pages."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from fontfiles import dejavu
from PIL import Image, ImageDraw, ImageFont

from ocr.formats.pagefile import read_page
from ocr.preprocessing.pages import load_page
from ocr.preprocessing.segment import page_of
from ocr.recognition import load_model

Run = Callable[..., Result]
LINES = ("station in the sun", "a river at noon", "minimum onset", "intrusive nation")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of four lines, larger than a line can be."""
    return draw_page(tmp_path / "scans" / "page.png", LINES)


def draw_page(path: Path, texts: tuple[str, ...]) -> Path:
    font = ImageFont.truetype(dejavu("DejaVuSerif"), 30)
    image = Image.new("L", (520, 540), 255)
    for number, text in enumerate(texts):
        ImageDraw.Draw(image).text((60, 120 + 70 * number), text, fill=0, font=font, anchor="ls")
    path.parent.mkdir(exist_ok=True)
    image.save(path)
    return path


def test_segment_writes_the_lines_beside_the_page(ocr: Run, page: Path) -> None:
    result = ocr("segment", "scans/page.png")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "scans/page.page.xml: 4 lines\n"
    transcript = read_page(page.with_name("page.page.xml")).transcript
    expected = page_of(load_page(page), page)
    assert transcript.page.image == page
    assert [line.region for line in transcript.page.lines] == ["r1"] * 4
    for line, found in zip(transcript.page.lines, expected.lines, strict=True):
        assert line.text is None
        for point, exact in zip(line.polygon, found.polygon, strict=True):
            assert point == pytest.approx(exact, abs=1)
    assert sorted(path.name for path in page.parent.iterdir()) == ["page.page.xml", "page.png"]


def test_segment_draws_and_writes_elsewhere(ocr: Run, page: Path) -> None:
    result = ocr("segment", page, "-o", "out", "--overlay")
    assert result.exit_code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "page.lines.png",
        "page.page.xml",
    ]
    with Image.open("out/page.lines.png") as picture:
        assert picture.size == (520, 540)
    assert [path.name for path in page.parent.iterdir()] == ["page.png"]


def test_an_overlay_is_taken_for_a_page_only_where_it_is_named(
    ocr: Run, page: Path, model: Path
) -> None:
    first = ocr("segment", "scans/*", "--overlay").stdout
    assert ocr("segment", "scans/*").stdout == first == "scans/page.page.xml: 4 lines\n"
    assert not Path("scans/page.lines.page.xml").exists()
    for source in ("scans", "scans/*.png"):
        out = Path("out", source.replace("*", ""))
        assert ocr("transcribe", source, "-o", out, "-m", model).exit_code == 0
        assert [path.name for path in out.glob("*.txt")] == ["page.txt"]
    overlay = "scans/page.lines.png"
    names = ocr("recognize", "scans/*.png", overlay, "-m", model, "--with-names").stdout
    named = [line.partition("\t")[0] for line in names.splitlines()]
    assert named[:5] == ["scans/page.png"] * 4 + [overlay]
    assert ocr("segment", overlay, "-o", "again").stdout.startswith("again/page.lines.page.xml")
    assert ocr("transcribe", overlay, "-o", "named", "-m", model).exit_code == 0
    assert Path("named/page.lines.txt").is_file()


def test_segment_takes_every_page_of_a_tiff(ocr: Run, page: Path) -> None:
    with Image.open(page) as first:
        second = Image.new("L", (520, 540), 255)
        first.save("two.tif", save_all=True, append_images=[second])
    result = ocr("segment", "two.tif")
    assert result.stdout == "two-0001.page.xml: 4 lines\ntwo-0002.page.xml: 0 lines\n"
    assert read_page(Path("two-0002.page.xml")).transcript.page.index == 1


def test_segment_names_what_it_cannot_read_and_does_the_rest(ocr: Run, page: Path) -> None:
    Path("scans/bad.png").write_bytes(b"no image")
    Path("scans/notes.txt").write_text("left out of a pattern")
    result = ocr("segment", "scans/*")
    assert result.exit_code == 3
    assert result.stdout == "scans/page.page.xml: 4 lines\n"
    assert result.stderr.count("error: scans/bad.png is not an image") == 1
    assert result.stderr.endswith("error: 1 page of 2 could not be segmented\n")
    assert not Path("scans/bad.page.xml").exists()


TRANSCRIPTIONS = {
    "a line": "<TextLine id='l'>{}</TextLine>",
    "a word": "<TextLine id='l'><Word id='w'>{}</Word></TextLine>",
    "a region": "{}",
}


@pytest.mark.parametrize("place", TRANSCRIPTIONS)
def test_segment_keeps_what_was_transcribed(ocr: Run, page: Path, place: str) -> None:
    def transcribe(text: str) -> str:
        equivalent = f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv>"
        inner = TRANSCRIPTIONS[place].format(equivalent)
        return f"<PcGts xmlns='urn:p'><Page><TextRegion>{inner}</TextRegion></Page></PcGts>"

    draw_page(page.with_name("other.png"), LINES)
    xml = page.with_name("page.page.xml")
    xml.write_text(transcribe("typed"), encoding="utf-8")
    result = ocr("segment", "scans/*.png", "--overlay")
    assert result.exit_code == 3
    assert result.stdout == "scans/other.page.xml: 4 lines\n"
    reason = "error: scans/page.page.xml has transcribed text; replace it with --overwrite, or"
    assert result.stderr.startswith(reason)
    assert result.stderr.endswith("error: 1 page of 2 could not be segmented\n")
    assert xml.read_text("utf-8") == transcribe("typed")
    assert not page.with_name("page.lines.png").exists()
    assert ocr("segment", page).exit_code == 4
    assert ocr("segment", page, "--overwrite").exit_code == 0
    assert len(read_page(xml).transcript.page.lines) == 4
    xml.write_text(transcribe(" \n"), encoding="utf-8")
    result = ocr("segment", page)
    assert result.exit_code == 4
    assert "scans/page.page.xml was saved by another program; replace it" in result.stderr


@pytest.mark.parametrize("tag", ["Creator", "LastChange"])
def test_segment_keeps_outlines_that_another_program_saved(ocr: Run, page: Path, tag: str) -> None:
    assert ocr("segment", page).exit_code == 0
    xml = page.with_name("page.page.xml")
    assert ocr("segment", page).exit_code == 0  # its own, without text: replaced
    edited = re.sub(f"<{tag}>.*</{tag}>", f"<{tag}>mine</{tag}>", xml.read_text("utf-8"))
    xml.write_text(edited, encoding="utf-8")
    assert ocr("segment", page).exit_code == 4
    assert xml.read_text("utf-8") == edited


def test_segment_keeps_lines_that_a_script_or_convert_has_changed(ocr: Run, page: Path) -> None:
    assert ocr("segment", page).exit_code == 0
    xml = page.with_name("page.page.xml")
    found = xml.read_text("utf-8")
    fewer = re.sub("<TextLine.*?</TextLine>", "", found, count=1, flags=re.DOTALL)
    xml.write_text(fewer, encoding="utf-8")
    assert ocr("segment", page).exit_code == 4
    assert "has other lines since" in ocr("segment", page).stderr
    assert ocr("convert", xml, "-o", xml.with_name("page.alto.xml")).exit_code == 0
    xml.unlink()
    assert ocr("convert", xml.with_name("page.alto.xml"), "-o", xml).exit_code == 0
    assert ocr("segment", page).exit_code == 4
    assert xml.read_text("utf-8").count("<TextLine") == 3


@pytest.mark.parametrize("content", ["", "<alto><String CONTENT='a'/></alto>", "my notes"])
def test_segment_keeps_a_file_of_another_kind(ocr: Run, page: Path, content: str) -> None:
    xml = page.with_name("page.page.xml")
    xml.write_text(content, encoding="utf-8")
    result = ocr("segment", page)
    assert result.exit_code == 4
    assert f"{xml} exists already and is no PAGE XML that can be read; replace it" in result.stderr
    assert xml.read_text("utf-8") == content


def test_segment_draws_over_its_own_pictures_only(ocr: Run, page: Path) -> None:
    picture = page.with_name("page.lines.png")
    for foreign in (page.read_bytes(), b"no picture"):
        picture.write_bytes(foreign)
        result = ocr("segment", page, "--overlay")
        assert result.exit_code == 4
        assert f"{picture} exists already and is another picture; replace it" in result.stderr
        assert picture.read_bytes() == foreign
        assert not page.with_name("page.page.xml").exists()
    assert ocr("segment", page).exit_code == 0  # the picture is not in its way
    assert ocr("segment", page, "--overlay", "--overwrite").exit_code == 0
    draw_page(page, LINES[:2])
    drawn = picture.read_bytes()
    assert ocr("segment", page, "--overlay").exit_code == 0
    assert picture.read_bytes() != drawn


def test_segment_exit_codes_without_any_page(ocr: Run, page: Path) -> None:
    Path("empty.png").write_bytes(b"")
    Path("notes.txt").write_text("no image")
    page.with_name("page.jpg").write_bytes(page.read_bytes())
    for arguments, code, reason in (
        ((), 2, "PAGE"),
        (("gone.png",), 2, "gone.png does not exist"),
        (("no*.txt",), 2, "no*.txt matches no image"),
        (("scans/*",), 2, "scans/page.jpg and scans/page.png would both become scans/page.page"),
        (("empty.png",), 4, "no page was segmented"),
        (("notes.txt",), 4, "no page was segmented"),
        (("scans",), 4, "no page was segmented"),
        (("scans/page.png", "-o", "notes.txt"), 6, "notes.txt"),
    ):
        result = ocr("segment", *arguments)
        assert result.exit_code == code, (arguments, result.stderr)
        assert reason in result.stderr
        assert result.stdout == ""


def test_recognize_tells_pages_from_lines(ocr: Run, page: Path, lines: Path, model: Path) -> None:
    reader = load_model(model)
    expected = [reading.text for reading in reader.recognize_page(page).transcripts]
    assert len(expected) == 4
    line = reader.recognize(lines / "a.png").text
    result = ocr("recognize", page, "lines/a.png", "-m", model, "--with-names")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{page}\t{text}" for text in expected] + [
        f"lines/a.png\t{line}"
    ]
    from_stdin = ocr("recognize", "-", "-m", model, input=page.read_bytes())
    assert from_stdin.stdout.splitlines() == expected
    drawn = ocr("explain", page, "-o", "page.png", "-m", model)
    assert drawn.exit_code == 4
    assert "the image shows a page; give one of its lines" in drawn.stderr
    as_line = ocr("recognize", page, "-m", model, "--input", "line")
    assert as_line.stdout == reader.recognize(page).text + "\n"
    wrong = ocr("recognize", page, "-m", model, "--input", "book")
    assert wrong.exit_code == 2


def test_recognize_reads_every_page_of_a_tiff(ocr: Run, page: Path, model: Path) -> None:
    """Also after a page with nothing on it."""
    other = draw_page(page.with_name("other.png"), LINES[::-1])
    blank = Image.new("L", (520, 540), 255)
    with Image.open(other) as first, Image.open(page) as last:
        first.save("three.tif", save_all=True, append_images=[blank, last])
    reader = load_model(model)
    texts = [[t.text for t in reader.recognize_page(p).transcripts] for p in (other, page)]
    assert texts[0] != texts[1]  # or the order of pages could not be told
    result = ocr("recognize", "*.tif", "-m", model, "--with-names")
    assert result.exit_code == 0
    assert result.stderr.startswith("three.tif#page=2: no line was found")
    assert result.stdout.splitlines() == [f"three.tif\t{text}" for text in texts[0]] + [
        f"three.tif#page=3\t{text}" for text in texts[1]
    ]
    as_json = ocr("recognize", "three.tif", "-m", model, "--format", "json").stdout
    values = list(map(json.loads, as_json.splitlines()))
    assert [(value["image"], len(value["lines"])) for value in values] == [
        ("three.tif", 4),
        ("three.tif#page=2", 0),
        ("three.tif#page=3", 4),
    ]
    as_lines = ("--input", "line", "--format", "json")
    lines = ocr("recognize", "three.tif", "-m", model, *as_lines).stdout.splitlines()
    assert [json.loads(row)["path"] for row in lines] == [value["image"] for value in values]


def test_recognize_reads_every_page_of_a_pdf(ocr: Run, page: Path, model: Path) -> None:
    pytest.importorskip("pypdfium2")
    other = draw_page(page.with_name("other.png"), LINES[:2])
    with Image.open(other) as first, Image.open(page) as last:
        first.save("book.pdf", save_all=True, append_images=[last], resolution=300)
    Path("torn.pdf").write_bytes(b"%PDF-1.7")
    result = ocr("recognize", "*.pdf", "-m", model, "--with-names", "--input", "page")
    assert result.exit_code == 3
    assert [row.split("\t")[0] for row in result.stdout.splitlines()] == ["book.pdf"] * 2 + [
        "book.pdf#page=2"
    ] * 4
    assert result.stderr.count("error: torn.pdf is no PDF") == 1
    assert result.stderr.endswith("error: 1 of 3 images could not be read\n")


def test_recognize_a_pdf_without_the_extra(
    ocr: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    Path("book.pdf").write_bytes(b"%PDF-1.7")
    Image.new("L", (90, 30), 255).save("line.png")
    result = ocr("recognize", "book.pdf", "line.png", "-m", model)
    assert (result.exit_code, result.stdout) == (3, "\n")
    assert "error: book.pdf is a PDF, and pypdfium2 is not installed; install it" in result.stderr
    assert ocr("recognize", "book.pdf", "-m", model).exit_code == 4


def test_recognize_a_page_as_json(ocr: Run, page: Path, model: Path) -> None:
    result = ocr("recognize", page, "-m", model, "--format", "json")
    (only,) = map(json.loads, result.stdout.splitlines())
    assert only["path"] == str(page)
    assert (only["width"], only["height"], len(only["lines"])) == (520, 540, 4)
