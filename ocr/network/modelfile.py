"""The model file: one safetensors file with the weights, and the ModelSpec as its metadata.

A model file is data: nothing in it can run. It is judged by its bytes, not by its name, and
damaged, foreign and too new files are each refused with a message of their own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from ocr.alphabet import Alphabet
from ocr.errors import DamagedModelError, ForeignModelError, ModelError, NewerModelError, OcrError
from ocr.files import write_atomically
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions, from_dict
from ocr.types import ModelSpec

FORMAT_VERSION = 1
METADATA_KEY = "carousel"
CHECKSUM_KEY = "weights_sha256"
LARGEST_HEADER = 16 * 2**20  # bytes; a header longer than this is not one of ours


def save_model(path: Path, network: RecognizerNetwork, spec: ModelSpec, half: bool = False) -> None:
    """Write weights and spec, whole or not at all. ``half`` stores float16 (half the size)."""
    kind = torch.float16 if half else torch.float32
    tensors = {
        name: (value.to(kind) if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    metadata = {
        METADATA_KEY: json.dumps(dataclasses.asdict(spec), ensure_ascii=False),
        CHECKSUM_KEY: _checksum(tensors),
    }
    write_atomically(path, tensors_to_bytes(tensors, metadata))


def load_model_file(path: Path) -> tuple[RecognizerNetwork, ModelSpec]:
    """Weights (float32, evaluation mode) and spec of a model file. Raises ModelError."""
    spec = read_spec(path)
    try:
        tensors = tensors_from_bytes(path.read_bytes())
    except SafetensorError as error:
        raise _damaged(path, "its weights are incomplete") from error
    if _checksum(tensors) != _read_header(path)[CHECKSUM_KEY]:
        raise _damaged(path, "its weights are not those that were written")
    network = RecognizerNetwork(spec.preprocessing, spec.network, len(Alphabet(spec.alphabet)))
    try:
        network.load_state_dict({name: _widened(value) for name, value in tensors.items()})
    except RuntimeError as error:
        raise _damaged(path, "its weights do not fit its description") from error
    return network.eval(), spec


def read_spec(path: Path) -> ModelSpec:
    """The ModelSpec alone, from the file's header. Raises ModelError."""
    header = _read_header(path)
    try:
        values = json.loads(header[METADATA_KEY])
        version = int(values["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, "its description cannot be read") from error
    if version > FORMAT_VERSION:
        raise NewerModelError(
            f"{path} has model format {version}, this program reads up to {FORMAT_VERSION}",
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


def model_id(path: Path) -> str:
    """The first 12 hexadecimal digits of the file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def resolve_model(name_or_path: str | Path) -> Path:
    """The file of a path, or of a shipped model's name such as ``default``. Raises ModelError."""
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    shipped = shipped_models()
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    if path.is_dir():
        raise ModelError(f"{path} is a folder", "give a model file (.safetensors)")
    names = ", ".join(shipped) or "none"
    raise ModelError(
        f"there is no model {name_or_path}", f"give a model file or a shipped name ({names})"
    )


def shipped_models() -> dict[str, Path]:
    """Name -> file of every model that came with the program, by name."""
    folders = [Path(__file__).parents[2] / "models"]
    installed = resources.files("ocr") / "shipped_models"
    if isinstance(installed, Path):
        folders.append(installed)
    return {
        file.stem: file for folder in folders for file in sorted(folder.glob("*.safetensors"))
    }


def _read_header(path: Path) -> dict[str, str]:
    """The string metadata of a safetensors file, after checks that trust no byte of it."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = file.read(size) if size <= LARGEST_HEADER else b""
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    if start[:1] == b"\x80" or start[:2] == b"PK":
        raise ForeignModelError(
            f"{path} is a pickle, which could run any code when opened",
            "give a .safetensors model made by ocr train",
        )
    if not raw.startswith(b"{"):
        raise ForeignModelError(f"{path} is not a model file", "give one made by ocr train")
    if len(raw) < size:
        raise _damaged(path, "it ends early")
    try:
        header: Any = json.loads(raw)
        metadata = header.get("__metadata__", {})
    except (ValueError, AttributeError) as error:
        raise _damaged(path, "its header cannot be read") from error
    if METADATA_KEY not in metadata or CHECKSUM_KEY not in metadata:
        raise ForeignModelError(
            f"{path} is a safetensors file of another program", "give one made by ocr train"
        )
    return dict(metadata)


def _damaged(path: Path, why: str) -> DamagedModelError:
    return DamagedModelError(f"{path} is damaged: {why}", "copy or download it again")


def _checksum(tensors: dict[str, Tensor]) -> str:
    """sha256 over names, shapes and bytes, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def _widened(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value
