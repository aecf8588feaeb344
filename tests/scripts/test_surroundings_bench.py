"""What is put around a line, and that the line is found in it as it was."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.options import PreprocessingOptions
from ocr.preprocessing.normalize import normalize_line

BENCH = Path(__file__).resolve().parents[2] / "scripts" / "bench"
KINDS = ("margin", "paper", "white", "black", "mask", "turned", "underlined", "cell", "negative")
Picture = npt.NDArray[np.uint8]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("surroundings")


def drawn() -> Picture:
    image = Image.new("L", (640, 64), 190)
    font = ImageFont.load_default(30)
    ImageDraw.Draw(image).text((20, 12), "seven wide rooms on a summer evening", 60, font)
    return np.asarray(image)


def body(picture: Picture) -> tuple[float, float]:
    """Source pixels per column, and the ink of a line as it is normalised, 0..1 on average."""
    line = normalize_line(1 - picture.astype(np.float32) / 255, PreprocessingOptions())
    steps = np.diff(line.edges)
    return float(np.median(steps[steps > 0])), float(line.values.sum())


def test_every_kind_is_there(bench: ModuleType) -> None:
    assert tuple(bench.SURROUNDINGS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_the_picture_and_keeps_its_letters(bench: ModuleType, kind: str) -> None:
    changed = bench.SURROUNDINGS[kind](drawn())
    assert changed.dtype == np.uint8
    assert changed.shape != drawn().shape or (changed != drawn()).mean() > 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_the_letters_come_out_at_the_size_that_they_had(bench: ModuleType, kind: str) -> None:
    scale, ink = body(drawn())
    found, found_ink = body(bench.SURROUNDINGS[kind](drawn()))
    assert found == pytest.approx(scale, rel=0.12)
    if kind not in ("underlined", "cell"):  # a rule is ink too
        assert found_ink == pytest.approx(ink, rel=0.3)
