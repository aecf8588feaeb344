"""A folder as archives have it, through the real program and its real processes: twelve files of
every kind, two of them broken, into every format; and the same with kill -9 in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.formats import SUFFIXES, WRITERS
from ocr.formats.pagefile import read_page
from ocr.types import Line, Page, PageTranscript, Point, Transcript

pytest.importorskip("pikepdf")
pytest.importorskip("pypdfium2")

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 220, 40  # px of a line
IMAGES = ("1.png", "2.jpg", "3.webp", "4.bmp")
PAGES = {"pagexml": "6", "alto": "7", "hocr": "8", "json": "9"}
STEMS = (*"12346789", "10", "below/5-0001", "below/5-0002")
TIMEOUT = 300.0  # s


def drawn(*texts: str) -> Image.Image:
    """An image with lines below one another."""
    image = Image.new("L", (WIDTH, HEIGHT * len(texts)), 255)
    for number, text in enumerate(texts):
        place = 8, HEIGHT * number + 8
        ImageDraw.Draw(image).text(place, text, fill=0, font=ImageFont.load_default(18))
    return image


def box(number: int) -> tuple[Point, ...]:
    top, bottom = float(HEIGHT * number), float(HEIGHT * (number + 1))
    return (0.0, top), (float(WIDTH), top), (float(WIDTH), bottom), (0.0, bottom)


def put_page(folder: Path, kind: str, stem: str) -> None:
    """An image of two lines, and the file that gives them."""
    drawn("a minimum", "station").save(folder / f"{stem}.png")
    lines = tuple(Line(f"l{number}", box(number), (), None, "r") for number in range(2))
    page = Page(stem, folder / f"{stem}.png", WIDTH, 2 * HEIGHT, lines)
    content = WRITERS[kind](PageTranscript(page, (Transcript("", 1.0),) * 2, ""))
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    (folder / (stem + SUFFIXES[kind])).write_bytes(data)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve files to read. One line of a PAGE file has no area."""
    folder = tmp_path_factory.mktemp("mixed") / "scans"
    (folder / "below").mkdir(parents=True)
    for number, name in enumerate(IMAGES):
        drawn("minimum river intrusive onset"[number:]).save(folder / name)
    first, second = drawn("nation"), drawn("a sun")
    first.save(folder / "below" / "5.tif", save_all=True, append_images=[second])
    for kind, stem in PAGES.items():
        put_page(folder, kind, stem)
    drawn("river").save(folder / "10.pdf", resolution=300)
    page = folder / "6.page.xml"
    flat = page.read_text("utf-8").replace("0,40 220,40 220,80 0,80", "0,40 220,40 110,40")
    page.write_text(flat, encoding="utf-8")
    (folder / "11.png").write_bytes((folder / "1.png").read_bytes()[:90])
    doctype = '<!DOCTYPE PcGts [<!ENTITY x "y">]>\n'
    lines = page.read_text("utf-8").splitlines(keepends=True)
    (folder / "12.xml").write_text("".join((lines[0], doctype, *lines[1:])), encoding="utf-8")
    return folder


def program(
    *command: str, scans: Path, out: str, jobs: int = 1
) -> subprocess.CompletedProcess[str]:
    """Transcribe the folder into ``out`` beside it, with the tiny model there."""
    arguments = (
        "transcribe",
        "scans",
        "-o",
        out,
        "-m",
        "tiny.safetensors",
    )
    kinds = ("--format", ",".join(WRITERS), "--batch-size", "2", "--jobs", str(jobs))
    return subprocess.run(
        [sys.executable, *command, *arguments, *kinds],
        cwd=scans.parent,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


ProgramRun = tuple[subprocess.CompletedProcess[str], dict[str, bytes]]


@pytest.fixture(scope="module")
def whole(scans: Path, model: Path) -> ProgramRun:
    """An undisturbed run, and what it wrote."""
    (scans.parent / "tiny.safetensors").write_bytes(model.read_bytes())
    return program("-m", "ocr.cli.main", scans=scans, out="whole"), files(scans.parent / "whole")


def files(out: Path) -> dict[str, bytes]:
    """Everything that stands in a folder of outputs, the ledger and temporary files left out."""
    paths = (path for path in out.rglob("*") if path.is_file())
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if "/." not in f"/{name}"}


def test_ten_files_are_read_into_every_format_and_two_fail(scans: Path, whole: ProgramRun) -> None:
    result, outputs = whole
    assert result.returncode == 3
    rows = [line.split()[:2] for line in result.stdout.splitlines()]
    assert rows == [["done", "11"], ["skipped", "0"], ["failed", "2"]]
    assert result.stderr.splitlines()[-1] == (
        "error: 2 pages and 1 line of 13 pages failed; see whole/failures.tsv"
    )
    assert set(outputs) == {
        "failures.tsv",
        *(s + suffix for s in STEMS for suffix in SUFFIXES.values()),
    }
    for stem in STEMS:
        lines = outputs[f"{stem}.txt"].decode("utf-8").splitlines()
        assert len(lines) == (2 if stem in "789" else 1)
        assert all(lines)
        for suffix in (".page.xml", ".alto.xml", ".hocr", ".json"):
            page = read_page(scans.parent / "whole" / (stem + suffix)).transcript
            texts = [reading.text.strip() for reading in page.transcripts]
            assert texts == [line.strip() for line in lines]
        assert outputs[f"{stem}.pdf"].startswith(b"%PDF-")
        assert len(outputs[f"{stem}.tsv"].splitlines()) > len(lines)


def test_what_failed_is_listed_with_its_reason(whole: ProgramRun) -> None:
    result, outputs = whole
    rows = [row.split("\t") for row in outputs["failures.tsv"].decode("utf-8").splitlines()]
    reasons = dict(rows[1:])
    assert list(reasons) == ["scans/11.png", "scans/12.xml", "scans/6.page.xml#l1"]
    assert "DOCTYPE" in reasons["scans/12.xml"]
    assert "encloses nothing" in reasons["scans/6.page.xml#l1"]
    assert all(reason in result.stderr for reason in reasons.values())


DYING = """
import os, signal, sys
from pathlib import Path
left, real = [int(sys.argv.pop(1))], Path.replace
def replace(self, target):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return real(self, target)
Path.replace = replace
from ocr.cli.main import main
main()
"""
"""The program, which kills itself before it puts its n-th file in its place."""


@pytest.mark.skipif(os.name == "nt", reason="this system has no kill -9")
def test_killed_in_the_middle_and_run_again_it_writes_the_same_bytes(
    scans: Path, whole: ProgramRun
) -> None:
    _, expected = whole
    half = 5 * len(SUFFIXES) + 3  # in the middle of a page
    killed = program("-c", DYING, str(half), scans=scans, out="killed", jobs=2)
    assert killed.returncode == -signal.SIGKILL
    there = files(scans.parent / "killed")
    assert len(there) == half
    assert there.items() <= expected.items()
    again = program("-m", "ocr.cli.main", scans=scans, out="killed")
    assert again.returncode == 3
    assert "\nskipped        5  " in again.stdout
    assert files(scans.parent / "killed") == expected
    left = (scans.parent / "killed").rglob(".*")
    assert [path.name for path in left] == [".carousel"]  # nothing half-written lies about
