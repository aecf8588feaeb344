"""What we write, as the parsers of other programs see it.

OCR-D's parser reads PAGE, alto-tools ALTO; kraken, which brings a gigabyte along, reads both where
it happens to be installed.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pageexamples import HEIGHT, WIDTH, read_page
from PIL import Image

from ocr.formats import SUFFIXES, WRITERS
from ocr.types import PageTranscript

TEXTS = ("Go  home", "", "\u05e9\u05dc\u05d5\u05dd & <\U0001d510>")


def example() -> PageTranscript:
    """The page that was read, its last line with characters that need care."""
    page = read_page()
    last = replace(page.transcripts[2], text=TEXTS[2], alternatives=("other",))
    return replace(page, transcripts=(*page.transcripts[:2], last))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The example in PAGE and ALTO, its image beside it."""
    Image.new("L", (WIDTH, HEIGHT), 255).save(tmp_path / "scan.png")
    paths = {kind: tmp_path / f"p1{SUFFIXES[kind]}" for kind in ("pagexml", "alto")}
    for kind, path in paths.items():
        written = WRITERS[kind](example())
        assert isinstance(written, bytes)
        path.write_bytes(written)
    return paths


def pairs(points: str) -> list[tuple[int, int]]:
    return [tuple(map(int, point.split(","))) for point in points.split()]


def ocrd_parser() -> ModuleType:
    """OCR-D's generated parser alone: the package around it needs a setuptools of 2023."""
    package = importlib.util.find_spec("ocrd_models")
    if package is None:
        pytest.skip("ocrd-models is not installed")
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0], "ocrd_page_generateds.py")
    spec = importlib.util.spec_from_file_location("ocrd_page_generateds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_ocrd_reads_our_page_xml(files: dict[str, Path]) -> None:
    root: Any = ocrd_parser().parse(str(files["pagexml"]), silence=True)
    page = root.get_Page()
    assert (page.imageFilename, page.imageWidth, page.imageHeight) == ("scan.png", WIDTH, HEIGHT)
    order = page.get_ReadingOrder().get_OrderedGroup().get_RegionRefIndexed()
    regions = {region.id: region for region in page.get_TextRegion()}
    lines = [line for entry in order for line in regions[entry.regionRef].get_TextLine()]
    assert [line.id for line in lines] == ["l1", "l2", "l3"]
    assert [line.get_TextEquiv()[0].Unicode or "" for line in lines] == list(TEXTS)
    assert [line.get_TextEquiv()[0].conf for line in lines] == [0.75, 0, 0.5]
    others = [equivalent.Unicode for equivalent in lines[2].get_TextEquiv()[1:]]
    assert others == ["other"]
    for line, given in zip(lines, example().page.lines, strict=True):
        assert pairs(line.get_Coords().points) == list(given.polygon)
        assert pairs(line.get_Baseline().points) == list(given.baseline)
    words = lines[0].get_Word()
    assert [word.get_TextEquiv()[0].Unicode for word in words] == ["Go", "home"]


def test_alto_tools_read_our_alto(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tools = pytest.importorskip("alto_tools.alto_tools")
    _, tree, namespace = tools.alto_parse(str(files["alto"]))
    tools.alto_text(tree, namespace)  # prints a line break and the words, each with a space
    lines = capsys.readouterr().out.split("\n")
    assert [line.rstrip() for line in lines] == ["", *TEXTS]


@pytest.mark.parametrize("kind", ["pagexml", "alto"])
def test_kraken_reads_both(files: dict[str, Path], kind: str) -> None:
    xml = pytest.importorskip("kraken.lib.xml")
    page = xml.XMLPage(files[kind]).to_container()
    assert Path(page.imagename).name == "scan.png"
    assert [" ".join((line.text or "").split()) for line in page.lines] == ["Go home", *TEXTS[1:]]
    for line, given in zip(page.lines, example().page.lines, strict=True):
        assert list(map(tuple, line.baseline)) == list(given.baseline)
        assert list(map(tuple, line.boundary)) == list(given.polygon)
