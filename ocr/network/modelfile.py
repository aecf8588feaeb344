"""The model file: one safetensors file with the weights, and the ModelSpec as its metadata.

A model file is data: nothing in it can run. What it says of itself is read in
``ocr.network.modelheader``; here are the weights.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from ocr.alphabet import Alphabet
from ocr.files.atomic import write_atomically
from ocr.network.modelheader import CHECKSUM_KEY, METADATA_KEY, damaged, read_header, spec_of
from ocr.network.recognizer import RecognizerNetwork
from ocr.types import MODEL_FORMAT, ModelSpec

FORMER = "former."  # names of the weights of a network's former self begin so


def save_model(path: Path, network: RecognizerNetwork, spec: ModelSpec, half: bool = False) -> None:
    """Write weights and spec in the current format, whole or not at all. ``half`` stores float16
    (half the size), as is done with those former weights anyway that lose nothing by it."""
    tensors = {
        name: _stored(value.detach().cpu(), half, name.startswith(FORMER)).contiguous()
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
    header = read_header(path)
    spec = spec_of(path, header)
    try:
        tensors = tensors_from_bytes(path.read_bytes())
    except SafetensorError as error:
        raise damaged(path, "its weights are incomplete") from error
    if _checksum(header[METADATA_KEY], tensors) != header[CHECKSUM_KEY]:
        raise damaged(path, "its contents are not those that were written")
    weights = {name: _widened(value) for name, value in tensors.items()}
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise damaged(path, "some of its weights are no numbers")
    sizes = spec.preprocessing, spec.network, len(Alphabet(spec.alphabet))
    try:
        with torch.device("meta"):  # sizes alone: the description may ask for any amount
            network = RecognizerNetwork(*sizes)
            if any(name.startswith(FORMER) for name in weights):
                network.remember(RecognizerNetwork(*sizes))
        network.load_state_dict(weights, assign=True)
    except (RuntimeError, ValueError, TypeError) as error:
        raise damaged(path, "its weights do not fit its description") from error
    return network.eval(), spec


def _write(path: Path, tensors: dict[str, Tensor], spec: ModelSpec) -> None:
    values = dataclasses.asdict(spec) | {"version": MODEL_FORMAT}
    description = json.dumps(values, ensure_ascii=False)
    metadata = {METADATA_KEY: description, CHECKSUM_KEY: _checksum(description, tensors)}
    write_atomically(path, tensors_to_bytes(tensors, metadata))


def _checksum(description: str, tensors: dict[str, Tensor]) -> str:
    """sha256 over the description and the tensors' names, shapes and bytes, ordered by name."""
    digest = hashlib.sha256(description.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _stored(value: Tensor, half: bool, if_exact: bool) -> Tensor:
    """As float16 if it is to be ``half``, or if that is exact; float32 else. Whole numbers stay."""
    if not value.is_floating_point():
        return value
    small = value.half()
    return small if half or (if_exact and torch.equal(small.float(), value)) else value.float()


def _widened(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value
