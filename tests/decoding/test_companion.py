"""A model is read with the language model it names, where nothing else is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocr.batch.model import ModelFile
from ocr.decoding.companion import with_companion
from ocr.errors import UsageError
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
        DecodingOptions(decoder="beam", language_model="none"),
        DecodingOptions(lexicon="words.txt"),
    ],
)
def test_whoever_asks_for_something_gets_it(asked: DecodingOptions) -> None:
    assert with_companion(asked, {"language": "latin"}) == asked


@pytest.mark.parametrize("asked", [{"alternatives": 2}, {"decoder": "beam"}, {"weight": 0.3}])
def test_a_beam_has_it(asked: dict[str, Any]) -> None:
    found = with_companion(DecodingOptions(**asked), {"language": "latin"})
    assert found == DecodingOptions(**asked, language_model="latin")


@pytest.mark.parametrize("asked", [{"decoder": "beam", "weight": 0.3}, {"weight": 1.0},
                                   {"bonus": 1.0}])  # fmt: skip
def test_nothing_is_weighed_where_there_is_none(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="names no language model to weigh; name one with --lm"):
        with_companion(DecodingOptions(**asked), {})
    beam = DecodingOptions(decoder="beam", bonus=1.0)
    assert with_companion(beam, {}) == beam


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
