"""A model is read with the language model it names, where nothing else is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocr.batch.model import ModelFile
from ocr.decoding.companion import with_companion
from ocr.network.modelfile import load_model_file, save_described
from ocr.network.shipped import resolve_model
from ocr.options import DecodingOptions
from ocr.recognition import load_model

PLAIN, LATIN = DecodingOptions(), DecodingOptions(language_model="latin")


@pytest.mark.parametrize(
    ("asked", "training", "expected"),
    [
        (PLAIN, {"language": "latin"}, LATIN),
        (PLAIN, {}, PLAIN),
        (PLAIN, {"language": "klingon"}, PLAIN),
        (PLAIN, {"language": "../models/latin.lm"}, PLAIN),
        (PLAIN, {"language": 3}, PLAIN),
    ],
)
def test_only_a_shipped_name_counts(
    asked: DecodingOptions, training: dict[str, Any], expected: DecodingOptions
) -> None:
    assert with_companion(asked, training) == expected


@pytest.mark.parametrize(
    "asked",
    [
        DecodingOptions(language_model="none"),
        DecodingOptions(language_model="mine.lm"),
        DecodingOptions(decoder="greedy"),
        DecodingOptions(decoder="beam"),
        DecodingOptions(lexicon="words.txt"),
    ],
)
def test_whoever_asks_for_something_gets_it(asked: DecodingOptions) -> None:
    assert with_companion(asked, {"language": "latin"}) == asked


def test_alternatives_are_found_with_it() -> None:
    found = with_companion(DecodingOptions(alternatives=2), {"language": "latin"})
    assert found == DecodingOptions(alternatives=2, language_model="latin")


@pytest.mark.parametrize("name", ["latin", ""])
def test_loading_and_batches_use_it(tmp_path: Path, name: str) -> None:
    source, path = resolve_model("default"), tmp_path / "mine.safetensors"
    _, spec = load_model_file(source)
    training = {key: value for key, value in spec.training.items() if key != "language"}
    if name:
        training["language"] = name
    save_described(path, source, replace(spec, training=training))
    method = "beam" if name else "greedy"
    assert load_model(path).decoding.method == method
    assert load_model(path, DecodingOptions(language_model="none")).decoding.method == "greedy"
    batch = ModelFile.named(path)
    assert batch.decoding.method == method
    assert batch.load().decoding == batch.decoding
    digest = batch.settings["decoding"]["language_model"]
    assert len(digest or "") == (64 if name else 0)
