"""ocr convert, from one file to another and from many to a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from ocr.formats import READERS, SUFFIXES, WRITERS, naming
from ocr.formats.pagefile import read_page
from ocr.types import Line, Page, PageTranscript, Transcript

Run = Callable[..., Result]
OUTLINE = ((10.0, 10.0), (90.0, 10.0), (90.0, 30.0), (10.0, 30.0))


def page(*texts: str) -> PageTranscript:
    numbered = enumerate(texts)
    lines = tuple(Line(f"l{number}", OUTLINE, (), text or None, "r") for number, text in numbered)
    readings = tuple(Transcript(text, 1.0) for text in texts)
    return PageTranscript(Page("p", Path("p.png"), 100, 50, lines), readings, "")


def put(name: str, transcript: PageTranscript, kind: str = "pagexml") -> None:
    written = WRITERS[kind](transcript)
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    Image.new("L", (100, 50), 255).save(path.parent / "p.png")


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("target", WRITERS)
def test_each_format_to_each(ocr: Run, source: str, target: str) -> None:
    if target == "pdf":
        pytest.importorskip("pikepdf")
    original = page("one <line>", "", "\u05e9\u05dc\u05d5\u05dd")
    put(f"in{SUFFIXES[source]}", original, source)
    result = ocr("convert", f"in{SUFFIXES[source]}", "-o", f"new/out{SUFFIXES[target]}")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    if target in READERS:
        back = read_page(Path(f"new/out{SUFFIXES[target]}")).transcript
        assert back.transcripts == original.transcripts
        assert back.page.lines == original.page.lines
    elif target == "txt":
        assert Path("new/out.txt").read_text("utf-8") == "one <line>\n\n\u05e9\u05dc\u05d5\u05dd\n"


@pytest.mark.parametrize("target", [("-o", "out.pdf"), ("-o", "out/", "--format", "txt,pdf")])
def test_a_missing_extra_is_told_once(
    ocr: Run, monkeypatch: pytest.MonkeyPatch, target: tuple[str, ...]
) -> None:
    monkeypatch.setattr(naming, "find_spec", lambda name: None)
    put("in/a.xml", page("a"))
    result = ocr("convert", "in/a.xml", *target)
    assert result.exit_code == 2
    assert "pikepdf is not installed" in result.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize("arguments", [("in/*.xml", "-o", "out"), ("in/a.xml", "-o", "out/")])
def test_a_pattern_and_a_name_that_ends_as_a_folder_fill_a_folder(
    ocr: Run, arguments: tuple[str, ...]
) -> None:
    put("in/a.xml", page("a"))
    assert ocr("convert", *arguments, "--format", "txt").exit_code == 0
    assert Path("out/a.txt").read_text("utf-8") == "a\n"


def test_what_breaks_on_a_page_costs_only_that(ocr: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("in/a.xml", page("a"))
    put("in/b.xml", page("b"))
    write = WRITERS["txt"]

    def broken(transcript: PageTranscript) -> str | bytes:
        if transcript.transcripts[0].text == "a":
            raise RuntimeError("out of order")
        return write(transcript)

    monkeypatch.setitem(WRITERS, "txt", broken)
    result = ocr("convert", "in/*.xml", "-o", "out", "--format", "txt")
    assert result.exit_code == 3
    assert "in/a.xml: RuntimeError: out of order" in result.stderr
    assert Path("out/b.txt").read_text("utf-8") == "b\n"


def test_the_option_says_which_xml(ocr: Run) -> None:
    put("in.xml", page("a"))
    assert ocr("convert", "in.xml", "-o", "out.xml", "--format", "alto").exit_code == 0
    assert b"<alto " in Path("out.xml").read_bytes()
    unclear = ocr("convert", "in.xml", "-o", "other.xml")
    assert unclear.exit_code == 2
    assert "other.xml does not say which format it is; name it .page.xml" in unclear.stderr


def test_many_pages_and_formats(ocr: Run) -> None:
    for name in ("a.xml", "b.page.xml", "c.d.alto.xml"):
        put(f"in/{name}", page(name), "alto" if "alto" in name else "pagexml")
    result = ocr("convert", "in/*.xml", "-o", "out", "--format", "txt, json,txt")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["a.json", "a.txt", "b.json", "b.txt", "c.d.json", "c.d.txt"]
    assert Path("out/c.d.txt").read_text("utf-8") == "c.d.alto.xml\n"


def test_one_page_into_a_folder_that_is_there(ocr: Run) -> None:
    put("in/a.xml", page("a"))
    Path("out").mkdir()
    assert ocr("convert", "in/a.xml", "-o", "out", "--format", "hocr").exit_code == 0
    assert Path("out/a.hocr").is_file()


def test_a_bad_page_costs_itself_only(ocr: Run) -> None:
    put("in/a.xml", page("a"))
    Path("in/b.xml").write_text("<!DOCTYPE a><PcGts >", encoding="utf-8")
    flat = replace(page("good", "flat"), model_id="m")
    outline = ((1.0, 1.0), (5.0, 1.0), (9.0, 1.0))
    lines = (flat.page.lines[0], replace(flat.page.lines[1], polygon=outline))
    put("in/c.xml", replace(flat, page=replace(flat.page, lines=lines)))
    result = ocr("convert", "in/*.xml", "-o", "out", "--format", "txt")
    assert result.exit_code == 3
    assert "error: in/b.xml has a DOCTYPE" in result.stderr
    assert "error: in/c.xml#l1: its outline encloses nothing on the page" in result.stderr
    assert "1 page and 1 line could not be converted" in result.stderr
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.txt", "c.txt"]
    assert Path("out/c.txt").read_text("utf-8") == "good\n"
    alone = ocr("convert", "in/b.xml", "-o", "b.txt")
    assert alone.exit_code == 4
    assert not Path("b.txt").exists()


def test_a_file_that_exists_stays(ocr: Run) -> None:
    for name in ("a", "b"):
        put(f"in/{name}.xml", page(name))
    Path("in/b.txt").write_text("by hand", encoding="utf-8")
    arguments = ("convert", "in/*.xml", "-o", "in", "--format", "json,txt")
    result = ocr(*arguments)
    assert result.exit_code == 3
    reason = "in/b.txt exists already; replace it with --overwrite"
    assert result.stderr.startswith(f"error: {reason}")
    assert "error: 1 page could not be converted" in result.stderr
    assert Path("in/a.txt").read_text("utf-8") == "a\n"
    assert Path("in/b.txt").read_text("utf-8") == "by hand"
    assert not Path("in/b.json").exists()  # all of a page or nothing
    alone = ocr("convert", "in/b.xml", "-o", "in/b.txt")
    assert alone.exit_code == 4
    assert reason in alone.stderr
    assert Path("in/b.txt").read_text("utf-8") == "by hand"
    assert ocr(*arguments, "--overwrite").exit_code == 0
    assert Path("in/b.txt").read_text("utf-8") == "b\n"
    source = Path("in/a.xml").read_bytes()
    own = ocr("convert", "in/a.xml", "-o", "in/a.xml", "--format", "alto", "--overwrite")
    assert own.exit_code == 2  # an input is none to replace
    assert Path("in/a.xml").read_bytes() == source


def test_the_scan_is_never_replaced(ocr: Run) -> None:
    """A page of scan.pdf would become scan.pdf, searchable but no longer the original."""
    put("in/p.xml", page("a"))
    scan = Path("in/p.png").read_bytes()
    Path("in/p.txt").symlink_to("p.png")
    result = ocr("convert", "in/p.xml", "-o", "in/p.txt", "--overwrite")
    assert result.exit_code == 4
    assert "in/p.txt is the scan of in/p.xml; choose another -o" in result.stderr
    assert Path("in/p.png").read_bytes() == scan
    assert Path("in/p.txt").is_symlink()


def test_a_page_that_fails_in_one_format_leaves_nothing(ocr: Run) -> None:
    pytest.importorskip("pikepdf")
    put("in/a.xml", page("a"))
    Path("in/p.png").unlink()
    result = ocr("convert", "in/a.xml", "-o", "out", "--format", "txt,pdf")
    assert result.exit_code == 4
    assert "in/p.png does not exist" in result.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("gone.xml", "-o", "a.txt"), 2, "gone.xml does not exist"),
        (("in/a.xml", "in/b.xml", "-o", "x.pdf"), 2, "x.pdf cannot hold several pages; give -o a"),
        (("in/a.xml", "-o", "out/"), 2, "out is a folder to write to; give --format"),
        (("in/a.xml", "-o", "a.txt", "--format", "doc"), 2, "there is no format 'doc'; choose"),
        (("in/a.xml", "-o", "a.txt", "--format", ","), 2, "there is no format given"),
        (("in/a.xml", "-o", "in/a.xml", "--format", "alto"), 2, "another input or output too"),
        (
            ("in/a.xml", "c/a.xml", "-o", "out", "--format", "txt"),
            2,
            "out/a.txt, made from c/a.xml",
        ),
        (("in/a.xml", "-o", "in/p.png/a.txt"), 6, "cannot be written"),
        (("in/p.png", "-o", "a.txt"), 4, "in/p.png is not a page in a known format"),
    ],
)
def test_what_cannot_be_converted(
    ocr: Run, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    for name in ("in/a.xml", "in/b.xml", "c/a.xml"):
        put(name, page("a"))
    before = Path("in/a.xml").read_bytes()
    result = ocr("convert", *arguments)
    assert result.exit_code == code, result.output
    assert reason in result.stderr
    assert Path("in/a.xml").read_bytes() == before
    assert not Path("out").exists()
