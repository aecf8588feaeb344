"""The model file: what is written comes back, and everything else is refused by its bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load
from safetensors.torch import save as plain_safetensors

from ocr.errors import (
    DamagedModelError,
    ForeignModelError,
    ModelError,
    NewerModelError,
    OutputError,
)
from ocr.network import modelfile, shipped
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.modelheader import model_id, read_spec
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.shipped import resolve_model
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import MODEL_FORMAT, ModelSpec

PREPROCESSING = PreprocessingOptions(height=20, deslant=False)
NETWORK = NetworkOptions(convolutions="2,3,4,5", layers=1, hidden=4, dropout=0.25)
SPEC = ModelSpec(
    "ab é𐌰", PREPROCESSING, NETWORK, {"credits": "Née & <fils>", "cer": 0.5}, temperature=1.25
)


def trained_network() -> RecognizerNetwork:
    """With batch statistics that are not the first ones."""
    torch.manual_seed(0)
    network = RecognizerNetwork(PREPROCESSING, NETWORK, len(SPEC.alphabet) + 1)
    network(torch.rand(2, 32, 20), torch.tensor([32, 20]))
    return network.eval()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a good model file."""
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    save_model(path, trained_network(), SPEC)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def header_size(content: bytes) -> int:
    return int(struct.unpack("<Q", content[:8])[0])


def with_header(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same weights behind a changed header."""
    size = header_size(content)
    header = json.loads(content[8 : 8 + size])
    change(header)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw + content[8 + size :]


def with_description(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The same weights behind a changed ModelSpec, as a writer with that mistake would leave
    them: the checksum is right."""

    def edit(header: dict[str, Any]) -> None:
        metadata = header["__metadata__"]
        values = json.loads(metadata["carousel"])
        change(values)
        metadata["carousel"] = json.dumps(values)
        metadata["sha256"] = modelfile._checksum(metadata["carousel"], load(content))

    return with_header(content, edit)


@pytest.mark.parametrize("half", [False, True])
def test_round_trip(path: Path, half: bool) -> None:
    network = trained_network()
    save_model(path, network, SPEC, half)
    loaded, spec = load_model_file(path)
    assert spec == SPEC == read_spec(path)
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    expected = network.state_dict()
    state = loaded.state_dict()
    assert list(state) == list(expected)
    for name, value in expected.items():
        assert state[name].dtype == value.dtype
        stored = value.half().float() if half and value.is_floating_point() else value
        assert torch.equal(state[name], stored), name


def test_half_is_half_the_size(path: Path, content: bytes) -> None:
    save_model(path, trained_network(), SPEC, half=True)
    weights, halved = (len(raw) - 8 - header_size(raw) for raw in (content, path.read_bytes()))
    assert halved == pytest.approx(weights / 2, rel=0.02)  # the counters stay int64


def test_a_loaded_network_can_be_trained_without_changing_the_file(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    network, _ = load_model_file(path)
    log_probs, _ = network.train()(torch.rand(2, 32, 20), torch.tensor([32, 20]))
    log_probs[:, :, 0].sum().backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    again, _ = load_model_file(path)
    assert not torch.equal(again.output.weight, network.output.weight)
    assert path.read_bytes() == content


@pytest.mark.parametrize("low", [b"\x80", b"PK"])
def test_a_header_length_that_begins_like_a_pickle_is_no_pickle(path: Path, low: bytes) -> None:
    """The first bytes of the file are the header's length, and that may be any multiple of 8."""
    network = trained_network()
    save_model(path, network, ModelSpec("ab", PREPROCESSING, NETWORK, {"filler": ""}))
    missing = (int.from_bytes(low, "little") - header_size(path.read_bytes())) % 256 ** len(low)
    filled = ModelSpec("ab", PREPROCESSING, NETWORK, {"filler": "x" * missing})
    save_model(path, network, filled)
    assert path.read_bytes().startswith(low)
    assert read_spec(path) == filled


def test_written_whole_or_not_at_all(
    path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path.write_bytes(content)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        save_model(path, trained_network(), SPEC, half=True)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


class Trap:
    """A pickle of this creates a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["zip", "legacy", "2", "3", "4", "5"])
def test_a_pickle_is_refused_unopened(path: Path, kind: str) -> None:
    trap = Trap(path.with_name("sprung"))
    if kind.isdigit():
        path.write_bytes(pickle.dumps(trap, protocol=int(kind)))
    else:
        torch.save(trap, path, _use_new_zipfile_serialization=kind == "zip")
    with pytest.raises(ForeignModelError, match="is a pickle, which could run any code"):
        load_model_file(path)
    assert not trap.path.exists()


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "foreign",
    [png(), b"three lines\nof text\n", b"{", b"\0" * 100, struct.pack("<Q", 2**62) + b"{}"],
    ids=["png", "text", "byte", "zeros", "endless header"],
)
def test_other_files_are_foreign(path: Path, foreign: bytes) -> None:
    path.write_bytes(foreign)
    with pytest.raises(ForeignModelError, match="is not a model file; give one made by ocr train"):
        read_spec(path)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}, "carousel weights_sha256"])
def test_weights_of_another_program_are_foreign(path: Path, metadata: Any) -> None:
    plain = plain_safetensors({"weight": torch.zeros(3)})
    path.write_bytes(with_header(plain, lambda header: header.update(__metadata__=metadata)))
    with pytest.raises(ForeignModelError, match="safetensors file of another program"):
        load_model_file(path)


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (lambda header, whole: 0, "it is empty"),
        (lambda header, whole: 9, "it ends early"),
        (lambda header, whole: 8 + header // 2, "it ends early"),
        (lambda header, whole: 8 + header, "its weights are incomplete"),
        (lambda header, whole: whole - 1, "its weights are incomplete"),
    ],
    ids=["empty", "brace", "header", "no weights", "last byte"],
)
def test_truncated_files_are_damaged(
    path: Path, content: bytes, keep: Callable[[int, int], int], reason: str
) -> None:
    path.write_bytes(content[: keep(header_size(content), len(content))])
    with pytest.raises(DamagedModelError, match=f"{reason}; copy or download it again"):
        load_model_file(path)


def test_a_longer_file_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content + b"\0")
    with pytest.raises(DamagedModelError, match="its weights are incomplete"):
        load_model_file(path)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_one_flipped_bit_in_the_weights_is_damage(path: Path, content: bytes, place: float) -> None:
    first, last = 8 + header_size(content), len(content) - 1
    flipped = bytearray(content)
    flipped[first + round(place * (last - first))] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(DamagedModelError, match="not those that were written"):
        load_model_file(path)
    assert read_spec(path) == SPEC


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"__metadata__":', b'"__metadata__"\xff', "its header cannot be read"),
        (b'{\\"alphabet', b'[\\"alphabet', "its description cannot be read"),
        (b'"front_end.', b'"front_enc.', "not those that were written"),
        (b'"F32"', b'"I32"', "not those that were written"),
        (b'\\"height\\": 20', b'\\"height\\": 21', "not those that were written"),
        (b'\\"height\\": 20', b'\\"heighs\\": 20', "its description is wrong"),
    ],
)
def test_a_flipped_header_is_damage(
    path: Path, content: bytes, old: bytes, new: bytes, reason: str
) -> None:
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(DamagedModelError, match=reason):
        load_model_file(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda spec: spec["network"].update(cells=3), "NetworkOptions has no field cells"),
        (lambda spec: spec.update(colour="red"), "ModelSpec has no field colour"),
        (lambda spec: spec.pop("network"), "its description is wrong"),
        (lambda spec: spec.update(alphabet="aa"), "names a character twice"),
        (lambda spec: spec.update(temperature=0), r"temperature 0 is not within 0\.01\.\.100"),
        (lambda spec: spec.update(temperature=1e-300), "temperature 1e-300 is not within"),
        (lambda spec: spec.update(alphabet=[1, 2]), "the alphabet is no text"),
        (lambda spec: spec.update(training=[]), "the record no table"),
        (lambda spec: spec.update(version=float("inf")), "its description cannot be read"),
        (lambda spec: spec["preprocessing"].update(height=10**9), "height is 1000000000, but at"),
        (lambda spec: spec["network"].update(hidden=10**30), "do not fit its description"),
        (lambda spec: spec.update(temperature="1"), "its description is wrong"),
        (lambda spec: spec.update(alphabet=""), "do not fit its description"),
        (lambda spec: spec["network"].update(hidden=5), "do not fit its description"),
        (lambda spec: spec["network"].update(hidden=10**9), "do not fit its description"),
        (lambda spec: spec["network"].update(hidden="4"), "hidden cannot be '4'"),
        (lambda spec: spec.pop("version"), "its description cannot be read"),
    ],
)
def test_a_wrong_description_is_damage(
    path: Path, content: bytes, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    path.write_bytes(with_description(content, change))
    with pytest.raises(DamagedModelError, match=reason):
        load_model_file(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_damage(path: Path, value: float) -> None:
    """Everything would be read as nothing, without a word."""
    network = trained_network()
    with torch.no_grad():
        network.output.bias[1] = value
    save_model(path, network, SPEC)
    with pytest.raises(DamagedModelError, match="some of its weights are no numbers"):
        load_model_file(path)


def test_endless_nesting_is_damage(path: Path, content: bytes) -> None:
    def nest(header: dict[str, Any]) -> None:
        header["__metadata__"]["carousel"] = "[" * 100_000

    path.write_bytes(with_header(content, nest))
    with pytest.raises(DamagedModelError, match="its description cannot be read"):
        read_spec(path)
    raw = b'{"__metadata__":' + b"[" * 100_000
    path.write_bytes(struct.pack("<Q", len(raw)) + raw)
    with pytest.raises(DamagedModelError, match="its header cannot be read"):
        read_spec(path)


def test_a_newer_version_is_named_as_such_whatever_else_it_holds(
    path: Path, content: bytes
) -> None:
    path.write_bytes(with_description(content, lambda spec: spec.update(version=7, colour="red")))
    expected = rf"model format 7, .* up to {MODEL_FORMAT}; get a newer"
    with pytest.raises(NewerModelError, match=expected):
        read_spec(path)


def test_a_file_of_the_first_version_has_no_temperature_and_is_written_in_the_current(
    path: Path, content: bytes
) -> None:
    def first(spec: dict[str, Any]) -> None:
        spec["version"] = 1
        del spec["temperature"]

    path.write_bytes(with_description(content, first))
    network, spec = load_model_file(path)
    assert (spec.version, spec.temperature) == (1, 1.0)
    save_model(path, network, spec)
    assert (read_spec(path).version, read_spec(path).training) == (MODEL_FORMAT, spec.training)


def test_model_id_is_the_start_of_the_sha256(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert model_id(path) == hashlib.sha256(content).hexdigest()[:12]


def test_a_path_is_preferred_to_a_shipped_name(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = {"default": tmp_path / "shipped" / "default.safetensors"}
    monkeypatch.setattr(shipped, "shipped_models", lambda: models)
    monkeypatch.chdir(tmp_path)
    path.touch()
    assert resolve_model(path) == path
    assert resolve_model("model") == Path("model.safetensors")  # as -o takes it
    assert resolve_model("default") == resolve_model("hand") == models["default"]
    Path("default").touch()
    assert resolve_model("default") == Path("default")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/m.safetensors", r"there is no model nowhere/m\.safetensors; .*big, default\)"),
        ("smal", r"there is no model smal; give a model file or a shipped name \(hand, big, "),
        ("folder", r"folder is a folder; give a model file"),
        ("x" * 5000, r"there is no model x|x cannot be read \(.*\); check the path"),
        ("~nobody-of-this-name/m.safetensors", r"cannot be read \(.*home.*\); check the path"),
    ],
)
def test_unknown_models_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    models = {stem: tmp_path / f"{stem}.safetensors" for stem in ("big", "default")}
    monkeypatch.setattr(shipped, "shipped_models", lambda: models)
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(ModelError, match=message):
        resolve_model(name)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ModelError, match=r"cannot be read \(.+\); check the path"):
            read_spec(place)
