"""The language model's file: numbers in rows, nothing that can run.

8 bytes   89 4C 4D 0D 0A 1A 0A 00: no text, and altered by whatever alters line ends
4 bytes   format version, little-endian like all numbers here
4 bytes   length of the description
...       the description, JSON: characters, options, number of states and arcs
...       the arrays of the automaton in the order of its fields, each beginning at a multiple
          of 64 bytes; of ``first`` the number of every state's arcs
32 bytes  sha256 of everything before

Numbers are as short as they can be: symbols and what is counted in them take one byte where there
are so few, scores and prices two, for three digits are more than the counts behind them tell.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from ocr.decoding.automaton import Automaton, check
from ocr.decoding.language import LanguageModel, symbol_count
from ocr.errors import DamagedModelError, ForeignModelError, ModelError, NewerModelError, OcrError
from ocr.fields import from_dict
from ocr.files.atomic import write_atomically
from ocr.files.shipped import resolve, shipped_files
from ocr.options import LanguageOptions

SUFFIX = ".lm"
MAGIC = b"\x89LM\r\n\x1a\n\0"
FORMAT_VERSION = 2
START = struct.Struct("<8sII")
ALIGNMENT = 64  # bytes, a cache line
CHECKSUM_BYTES = hashlib.sha256().digest_size
LONG = {"first": "<i4", "symbols": "<i4", "targets": "<i4", "scores": "<f4"}
LONG |= {"fallbacks": "<i4", "prices": "<f4"}  # as in version 1, which has ``first`` as it is


def resolve_language_model(name_or_path: str | Path) -> Path:
    """The file of a path, or of a shipped language model's name such as ``latin``. Raises
    ModelError."""
    return resolve(name_or_path, shipped_language_models(), "language model", SUFFIX)


def shipped_language_models() -> dict[str, Path]:
    """Name -> file of every language model that came with the program, by name."""
    return shipped_files(SUFFIX)


def write_language_model(path: Path, model: LanguageModel) -> None:
    """Write the model, whole or not at all. Raises OutputError."""
    description = {
        "characters": model.characters,
        "options": dataclasses.asdict(model.options),
        "states": len(model.automaton.fallbacks),
        "arcs": len(model.automaton.symbols),
    }
    raw = json.dumps(description).encode()
    content = bytearray(START.pack(MAGIC, FORMAT_VERSION, len(raw)) + raw)
    stored = model.automaton._asdict() | {"first": np.diff(model.automaton.first)}
    for name, kind in _kinds(FORMAT_VERSION, model.symbol_count).items():
        content += bytes(-len(content) % ALIGNMENT)
        content += stored[name].astype(kind).tobytes()
    write_atomically(path, bytes(content + hashlib.sha256(content).digest()))


def read_language_model(path: Path) -> LanguageModel:
    """The model of a file. Raises ModelError."""
    try:
        with path.open("rb") as file:
            start = file.read(START.size)
            _check_start(path, start)
            content = memoryview(start + file.read())
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    if hashlib.sha256(content[:-CHECKSUM_BYTES]).digest() != content[-CHECKSUM_BYTES:]:
        raise _damaged(path, "its contents are not those that were written")
    try:
        return _model(content)
    except (OcrError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise _damaged(path, f"its description is wrong ({error})") from error


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise _damaged(path, "it is empty")
    if start[: len(MAGIC)] != MAGIC[: len(start)]:
        raise ForeignModelError(f"{path} is not a language model", "give one made by ocr lm")
    if len(start) < START.size:
        raise _damaged(path, "it ends early")
    version = START.unpack(start)[1]
    if version > FORMAT_VERSION:
        raise NewerModelError(
            f"{path} has language model format {version}, this program reads up to "
            f"{FORMAT_VERSION}",
            "get a newer version of the program",
        )


def _model(content: memoryview) -> LanguageModel:
    """Raises one of many errors where the description is not what the writer wrote."""
    _, version, size = START.unpack(content[: START.size])
    values: dict[str, Any] = json.loads(bytes(content[START.size : START.size + size]))
    characters, states = str(values["characters"]), int(values["states"])
    places = states + 1 if version == 1 else states
    lengths = {"first": places, "fallbacks": states, "prices": states}
    arrays: dict[str, Any] = {}
    place = START.size + size
    for name, kind in _kinds(version, symbol_count(characters)).items():
        place += -place % ALIGNMENT
        stored = np.frombuffer(content, kind, lengths.get(name, int(values["arcs"])), place)
        arrays[name] = stored.astype(np.float32 if stored.dtype.kind == "f" else np.int32)
        place += stored.nbytes
    if place + CHECKSUM_BYTES != len(content):
        raise ValueError("its arrays have other lengths")
    if version > 1:
        arrays["first"] = np.append(0, np.cumsum(arrays["first"])).astype(np.int32)
    options = from_dict(LanguageOptions, values["options"])
    model = LanguageModel(characters, Automaton(**arrays), options)
    check(model.automaton, model.symbol_count)
    return model


def _kinds(version: int, symbols: int) -> dict[str, str]:
    """How the arrays are stored, in their order, where there are so many symbols."""
    if version == 1:
        return LONG
    few = f"<u{np.min_scalar_type(symbols).itemsize}"  # no state has more arcs than symbols
    return LONG | {"first": few, "symbols": few, "scores": "<f2", "prices": "<f2"}


def _damaged(path: Path, why: str) -> DamagedModelError:
    return DamagedModelError(f"{path} is damaged: {why}", "copy or make it again: ocr lm")
