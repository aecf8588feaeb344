"""The model file: one safetensors file with the weights, and the ModelSpec as its metadata.

A model file is data: nothing in it can run. It is judged by its bytes, not by its name, and
damaged, foreign and too new files are each refused with a message of their own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from ocr.alphabet import Alphabet
from ocr.errors import DamagedModelError, ForeignModelError, ModelError, NewerModelError, OcrError
from ocr.files.atomic import write_atomically
from ocr.files.shipped import resolve, shipped_files
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions, from_dict
from ocr.types import MODEL_FORMAT, ModelSpec

SUFFIX = ".safetensors"
METADATA_KEY = "carousel"
CHECKSUM_KEY = "sha256"
LARGEST_HEADER = 16 * 2**20  # bytes; a header longer than this is not one of ours


def save_model(path: Path, network: RecognizerNetwork, spec: ModelSpec, half: bool = False) -> None:
    """Write weights and spec in the current format, whole or not at all. ``half`` stores float16
    (half the size)."""
    kind = torch.float16 if half else torch.float32
    tensors = {
        name: (value.to(kind) if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    _write(path, tensors, spec)


def save_described(path: Path, source: Path, spec: ModelSpec) -> None:
    """Write a model file's weights as they are stored there with another spec, which may have
    another temperature or record but not another alphabet or network. Raises ModelError."""
    load_model_file(source)  # what is damaged stays what it is
    _write(path, tensors_from_bytes(source.read_bytes()), spec)


def load_model_file(path: Path) -> tuple[RecognizerNetwork, ModelSpec]:
    """Weights (float32, evaluation mode) and spec of a model file. Raises ModelError."""
    header = _read_header(path)
    spec = _spec(path, header)
    try:
        tensors = tensors_from_bytes(path.read_bytes())
    except SafetensorError as error:
        raise _damaged(path, "its weights are incomplete") from error
    if _checksum(header[METADATA_KEY], tensors) != header[CHECKSUM_KEY]:
        raise _damaged(path, "its contents are not those that were written")
    weights = {name: _widened(value) for name, value in tensors.items()}
    try:
        with torch.device("meta"):  # sizes alone: the description may ask for any amount
            network = RecognizerNetwork(
                spec.preprocessing, spec.network, len(Alphabet(spec.alphabet))
            )
        network.load_state_dict(weights, assign=True)
    except (RuntimeError, ValueError) as error:
        raise _damaged(path, "its weights do not fit its description") from error
    return network.eval(), spec


def read_spec(path: Path) -> ModelSpec:
    """The ModelSpec alone, from the file's header. Raises ModelError."""
    return _spec(path, _read_header(path))


def model_id(path: Path) -> str:
    """The first 12 hexadecimal digits of the file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def resolve_model(name_or_path: str | Path) -> Path:
    """The file of a path, or of a shipped model's name such as ``default``. Raises ModelError."""
    return resolve(name_or_path, shipped_models(), "model")


def shipped_models() -> dict[str, Path]:
    """Name -> file of every model that came with the program, by name."""
    return shipped_files(SUFFIX)


def _write(path: Path, tensors: dict[str, Tensor], spec: ModelSpec) -> None:
    values = dataclasses.asdict(spec) | {"version": MODEL_FORMAT}
    description = json.dumps(values, ensure_ascii=False)
    metadata = {METADATA_KEY: description, CHECKSUM_KEY: _checksum(description, tensors)}
    write_atomically(path, tensors_to_bytes(tensors, metadata))


def _read_header(path: Path) -> dict[str, str]:
    """The string metadata of a safetensors file, after checks that trust no byte of it."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = file.read(size) if size <= LARGEST_HEADER else b""
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    if not start:
        raise _damaged(path, "it is empty")
    if not raw.startswith(b"{"):  # only then: a header's length can begin like a pickle
        if start[:1] == b"\x80" or start[:2] == b"PK":
            raise ForeignModelError(
                f"{path} is a pickle, which could run any code when opened",
                "give a .safetensors model made by ocr train",
            )
        raise ForeignModelError(f"{path} is not a model file", "give one made by ocr train")
    if len(raw) < size:
        raise _damaged(path, "it ends early")
    try:
        metadata: Any = json.loads(raw).get("__metadata__")
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header cannot be read") from error
    if not isinstance(metadata, dict) or not {METADATA_KEY, CHECKSUM_KEY} <= metadata.keys():
        raise ForeignModelError(
            f"{path} is a safetensors file of another program", "give one made by ocr train"
        )
    return dict(metadata)


def _spec(path: Path, header: dict[str, str]) -> ModelSpec:
    """The description in a header. Raises DamagedModelError and NewerModelError."""
    try:
        values = json.loads(header[METADATA_KEY])
        version = int(values["version"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, "its description cannot be read") from error
    if version > MODEL_FORMAT:
        raise NewerModelError(
            f"{path} has model format {version}, this program reads up to {MODEL_FORMAT}",
            "update it: pip install --upgrade carousel-ocr",
        )
    try:
        parts = {
            "preprocessing": from_dict(PreprocessingOptions, values.pop("preprocessing")),
            "network": from_dict(NetworkOptions, values.pop("network")),
        }
        return from_dict(ModelSpec, {**values, **parts})
    except (OcrError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"its description is wrong ({error})") from error


def _damaged(path: Path, why: str) -> DamagedModelError:
    return DamagedModelError(f"{path} is damaged: {why}", "copy or download it again")


def _checksum(description: str, tensors: dict[str, Tensor]) -> str:
    """sha256 over the description and the tensors' names, shapes and bytes, ordered by name."""
    digest = hashlib.sha256(description.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _widened(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value
