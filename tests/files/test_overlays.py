"""Which pictures are overlays of pages, and no pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocr.files.overlays import is_overlay


@pytest.mark.parametrize(
    ("overlay", "page"),
    [
        ("a.lines.png", "a.png"),
        ("a.lines.png", "a.TIF"),
        ("a.b.lines.png", "a.b.jpeg"),
        ("book-0012.lines.png", "book.pdf"),
        ("scan-0001.lines.png", "scan.tif"),
        ("scan-0001.lines.png", "scan-0001.png"),
        ("a.lines.lines.png", "a.lines.png"),
    ],
)
def test_an_overlay_lies_beside_its_page(tmp_path: Path, overlay: str, page: str) -> None:
    (tmp_path / overlay).touch()
    assert not is_overlay(tmp_path / overlay)
    (tmp_path / page).touch()
    assert is_overlay(tmp_path / overlay)
    assert page.endswith(".lines.png") or not is_overlay(tmp_path / page)


@pytest.mark.parametrize("name", ["lines.png", ".lines.png", "b.lines.png", "a.lines.jpg", "a.png"])
def test_other_images_are_none(tmp_path: Path, name: str) -> None:
    for other in ("a.png", "lines.jpg", "a-0001.png", name):
        (tmp_path / other).touch()
    assert not is_overlay(tmp_path / name)
