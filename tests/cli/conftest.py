"""Drawn lines, a tiny model with random weights, and the program in this process."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw, ImageFont

from ocr.cli.main import program
from ocr.network.modelfile import save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import ModelSpec

ALPHABET = " aeimnorstuv"
WORDS = ("minimum", "a", "nation", "station", "river", "sun", "intrusive", "onset")

Run = Callable[..., Result]


@pytest.fixture
def ocr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """``ocr("check", path)`` -> exit code, stdout and stderr; runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OCR_DEBUG", raising=False)
    return lambda *arguments, **more: CliRunner().invoke(program, [*map(str, arguments)], **more)


def draw_line(path: Path, text: str) -> None:
    font = ImageFont.load_default(18)
    image = Image.new("L", (int(font.getlength(text)) + 16, 30), 255)
    ImageDraw.Draw(image).text((8, 3), text, fill=0, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pairs on 6 pages; never written to."""
    folder, choose = tmp_path_factory.mktemp("drawn"), random.Random(5)
    for number in range(24):
        text = " ".join(choose.sample(WORDS, 2))
        draw_line(folder / f"page{number // 4}_{number:02d}.png", text)
        (folder / f"page{number // 4}_{number:02d}.gt.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Three images of lines in a folder of the test's own."""
    for name, text in (("b/two", "station in the sun"), ("a", "a minimum"), ("c", "ox")):
        draw_line(tmp_path / "lines" / f"{name}.png", text)
    return tmp_path / "lines"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights without sense, but so large that it writes something for every image."""
    torch.manual_seed(7)
    preprocessing = PreprocessingOptions(height=16, features="pixels")
    sizes = NetworkOptions(convolutions="4,4,4,4", layers=1, hidden=8)
    network = RecognizerNetwork(preprocessing, sizes, len(ALPHABET) + 1)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(4)
        network.output.bias.zero_()
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    training = {"lines": 1234, "validation_cer": 0.125, "credits": ["Jane Doe, CC BY 4.0"]}
    save_model(path, network, ModelSpec(ALPHABET, preprocessing, sizes, training))
    return path
