"""Small stores and runs for the tests of training: lines of a few patterned characters."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from ocr.alphabet import Alphabet
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.types import Float32Array, ModelSpec

HEIGHT = 16
TEXTS = ("ab", "ba", "aab", "bb", "c", "cab", "abc", "bca", "aa", "ca", "acb", "bac", "ac")


@pytest.fixture(autouse=True)
def _cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread of the CPU, here and in further processes: the promises are about bits."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def line_image(text: str, seed: int = 0) -> Float32Array:
    """(HEIGHT, W) ink: per character 12 columns of its own pattern and 4 to 8 of paper."""
    rng = np.random.default_rng((seed, zlib.crc32(text.encode())))
    image = np.zeros((HEIGHT, 8), np.float32)
    for character in text:
        block = np.zeros((HEIGHT, 12 + int(rng.integers(4, 9))), np.float32)
        pattern = np.random.default_rng(ord(character)).random((4, 3)) > 0.5
        block[2:14, :12] = np.kron(pattern, np.ones((3, 4)))
        image = np.hstack([image, block])
    return image


@pytest.fixture
def write_store() -> Callable[..., LineStore]:
    """write_store(folder, texts, images=None): the files that store.py describes."""

    def write(
        folder: Path, texts: Sequence[str], images: Sequence[Float32Array] | None = None
    ) -> LineStore:
        images = images or [line_image(text, seed) for seed, text in enumerate(texts)]
        folder.mkdir(parents=True, exist_ok=True)
        rows, offset = [], 0
        with (folder / "lines.bin").open("wb") as file:
            for number, (text, image) in enumerate(zip(texts, images, strict=True)):
                file.write(np.round(image * 255).astype(np.uint8).tobytes())
                rows.append([f"line-{number}", text, offset, image.shape[1]])
                offset += image.size
        index = {"key": "drawn", "height": images[0].shape[0], "lines": rows, "problems": []}
        (folder / "lines.json").write_text(json.dumps(index), encoding="utf-8")
        return LineStore(folder)

    return write


@pytest.fixture
def make_run(write_store: Callable[..., LineStore]) -> Callable[..., Run]:
    """make_run(folder, features=..., dropout=..., texts=..., held_back=..., **TrainingOptions):
    a tiny network on ``texts``, of which the last ``held_back`` are for validation."""

    def make(
        folder: Path,
        *,
        features: str = "conv",
        dropout: float = 0.2,
        texts: Sequence[str] = TEXTS,
        held_back: int = 3,
        start: Path | None = None,
        alphabet: str = "",
        **training: Any,
    ) -> Run:
        write_store(folder / "mine.training", texts)
        defaults = {"batch_size": 4, "processes": 1, "warmup": 2, "precision": "float32"}
        alphabet = alphabet or Alphabet("").extended(texts).characters
        return Run(
            folder=folder / "mine.training",
            output=folder / "mine.safetensors",
            spec=ModelSpec(
                alphabet=alphabet,
                preprocessing=PreprocessingOptions(height=HEIGHT, features=features),
                network=NetworkOptions(convolutions="4,4,4,4", layers=1, hidden=8, dropout=dropout),
            ),
            options=TrainingOptions(**{**defaults, **training}),
            train=tuple(range(len(texts) - held_back)),
            validation=tuple(range(len(texts) - held_back, len(texts))),
            start=start,
        )

    return make


@pytest.fixture
def draw_line() -> Callable[..., Path]:
    """draw_line(path, text, size=20): a PNG with the text in Pillow's own font."""

    def draw(path: Path, text: str, size: int = 20) -> Path:
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("L", (int(right - left) + 20, int(bottom - top) + 12), 255)
        ImageDraw.Draw(image).text((10 - left, 6 - top), text, font=font, fill=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
        return path

    return draw
