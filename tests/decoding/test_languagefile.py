"""The language model's file: what is written comes back, everything else is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocr.decoding import languagefile
from ocr.decoding.automaton import Automaton, check
from ocr.decoding.language import LanguageModel, train_language_model
from ocr.decoding.languagefile import CHECKSUM_BYTES, read_language_model, write_language_model
from ocr.errors import DamagedModelError, ForeignModelError, ModelError, NewerModelError
from ocr.options import LanguageOptions

OPTIONS = LanguageOptions(order=3, weight=0.75, bonus=-0.5, temperature=2.5)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return train_language_model(["née & <fils>", "𐌰 round rock 12"], OPTIONS)


@pytest.fixture
def path(model: LanguageModel, tmp_path: Path) -> Path:
    path = tmp_path / "new" / "good.lm"
    write_language_model(path, model)
    return path


def test_round_trip(path: Path, model: LanguageModel) -> None:
    read = read_language_model(path)
    assert (read.characters, read.options) == (model.characters, OPTIONS)
    for name, array in model.automaton._asdict().items():
        found = getattr(read.automaton, name)
        assert found.dtype == array.dtype
        np.testing.assert_allclose(found, array, rtol=2**-11 * (found.dtype == np.float32), atol=0)


def test_a_description_is_replaced_without_touching_the_numbers(
    path: Path, model: LanguageModel
) -> None:
    """As tuning does."""
    read = read_language_model(path)
    tuned = LanguageModel(read.characters, read.automaton, LanguageOptions(weight=1.25))
    write_language_model(path, tuned)
    assert read_language_model(path).options.weight == 1.25
    np.testing.assert_equal(read_language_model(path).automaton, read.automaton)


def test_more_characters_than_a_byte_counts(tmp_path: Path) -> None:
    model = train_language_model(["".join(map(chr, range(0x4E00, 0x4F00)))], OPTIONS)
    assert model.symbol_count == 258
    write_language_model(tmp_path / "many.lm", model)
    found = read_language_model(tmp_path / "many.lm").automaton
    for name in ("first", "symbols", "targets", "fallbacks"):
        np.testing.assert_array_equal(getattr(found, name), getattr(model.automaton, name))


def test_the_first_version_is_still_read(tmp_path: Path, model: LanguageModel) -> None:
    """Four bytes a number, and of every state the place of its first arc."""
    automaton = model.automaton
    sizes = {"states": len(automaton.fallbacks), "arcs": len(automaton.symbols)}
    values = {"characters": model.characters, "options": dataclasses.asdict(OPTIONS), **sizes}
    raw = json.dumps(values).encode()
    whole = languagefile.START.pack(languagefile.MAGIC, 1, len(raw)) + raw
    for array in automaton:
        whole += bytes(-len(whole) % 64) + array.tobytes()
    path = tmp_path / "old.lm"
    path.write_bytes(whole + hashlib.sha256(whole).digest())
    read = read_language_model(path)
    assert (read.characters, read.options) == (model.characters, OPTIONS)
    for found, array in zip(read.automaton, automaton, strict=True):
        np.testing.assert_array_equal(found, array)


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Another description before the same numbers, with the right checksum."""
    content = path.read_bytes()
    magic, version, size = languagefile.START.unpack(content[:16])
    values = json.loads(content[16 : 16 + size])
    change(values)
    raw = json.dumps(values).encode()
    numbers = content[16 + size + -(16 + size) % 64 : -CHECKSUM_BYTES]
    whole = languagefile.START.pack(magic, version, len(raw)) + raw
    whole += bytes(-len(whole) % 64) + numbers
    path.write_bytes(whole + hashlib.sha256(whole).digest())


def refused(path: Path, kind: type[ModelError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        read_language_model(path)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"\x80\x04K\x01.", b"text"])
def test_other_files_are_foreign(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path, ForeignModelError, "is not a language model; give one made by ocr lm")


@pytest.mark.parametrize("keep", [0, 5, 12, 16, 40, -1])
def test_truncated_files_are_damaged(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, DamagedModelError, "is damaged: .*; copy or make it again")


@pytest.mark.parametrize("place", [12, 20, 0.5, -40, -1])
def test_one_flipped_bit_is_damage(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content)) if isinstance(place, float) else int(place)] ^= 1
    path.write_bytes(content)
    refused(path, DamagedModelError, "its contents are not those that were written")


def test_a_newer_version_is_named_as_such(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8] = 7
    path.write_bytes(content)
    refused(path, NewerModelError, "language model format 7, .* up to 2; get a newer")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda values: values.update(states=values["states"] + 1), "is damaged"),
        (lambda values: values.update(arcs=-1), "is damaged"),
        (lambda values: values.update(arcs=10**12), "is damaged"),
        (lambda values: values.update(characters="a"), "lead nowhere"),
        (lambda values: values["options"].update(order="six"), "order cannot be 'six'"),
        (lambda values: values["options"].update(colour=1), "no field colour"),
        (lambda values: values.pop("characters"), "its description is wrong"),
    ],
)
def test_a_wrong_description_is_damage(
    path: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    rewritten(path, lambda values: None)
    read_language_model(path)
    rewritten(path, change)
    refused(path, DamagedModelError, reason)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("targets", 10**6),
        ("targets", -1),
        ("fallbacks", 3),
        ("first", -5),
        ("symbols", 9),
        ("scores", np.nan),
    ],
)
def test_numbers_that_lead_out_of_the_arrays_are_damage(
    path: Path, model: LanguageModel, name: str, value: float
) -> None:
    """With a right checksum: whoever made the file meant it."""
    array = getattr(model.automaton, name).copy()
    array[2] = value
    automaton = model.automaton._replace(**{name: array})
    write_language_model(path, LanguageModel(model.characters, automaton, OPTIONS))
    refused(path, DamagedModelError, "the arcs of the automaton lead nowhere")


def test_places_whose_differences_wrap_around_are_damage() -> None:
    """In 32 bits each of these is no less than the one before."""
    most, least = np.iinfo(np.int32).max, np.iinfo(np.int32).min
    automaton = Automaton(
        first=np.array([0, 3, most, least + 4, 3], np.int32),
        symbols=np.arange(3, dtype=np.int32),
        targets=np.zeros(3, np.int32),
        scores=np.zeros(3, np.float32),
        fallbacks=np.zeros(4, np.int32),
        prices=np.zeros(4, np.float32),
    )
    assert (np.diff(automaton.first) >= 0).all()
    with pytest.raises(ValueError, match="lead nowhere"):
        check(automaton, 3)


def test_what_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    refused(tmp_path / "gone.lm", ModelError, r"gone.lm cannot be read \(No such file")
    refused(tmp_path, ModelError, r"cannot be read \(Is a directory")
