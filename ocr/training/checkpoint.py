"""The full state of a training run in one safetensors file, replaced atomically.

Weights, their mean, the best of these so far, the optimisers' moments, and the counters. Random
state is not needed: every random choice follows from the seed and the counters (see batches.py,
loop.py).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor, nn

from ocr.errors import InputError
from ocr.files.atomic import write_atomically
from ocr.training.muon import Muon

METADATA_KEY = "counters"
MOMENTS = {  # what the optimisers keep of each parameter
    Muon: ("exp_avg",),
    torch.optim.AdamW: ("step", "exp_avg", "exp_avg_sq"),
}
KEPT = ("mean", "best")  # the running mean of the weights, and the best mean so far


@dataclass(slots=True)
class Counters:
    """Where a run stands.

    step          optimiser steps taken
    seconds       time trained so far, over all sittings
    fraction      share of the run that is over, 0..1, which sets the step size
    loss          running mean of the loss, nats a character, once there is one
    best_cer      lowest validation CER so far, and ``best_step`` when it was reached
    unimproved    validations since then
    kept_cer      that of the model file: lower still where a model was looked at when stopping
    """

    step: int = 0
    seconds: float = 0.0
    fraction: float = 0.0
    loss: float | None = None
    best_cer: float = float("inf")
    best_step: int = 0
    unimproved: int = 0
    kept_cer: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(
    path: Path,
    counters: Counters,
    network: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    kept: dict[str, dict[str, Tensor]],
) -> None:
    """Write everything, whole or not at all. ``kept``: states of the network beside its own,
    by the names in ``KEPT``."""
    tensors = {
        f"{part}.{name}": value
        for part, state in {"network": network.state_dict(), **kept}.items()
        for name, value in state.items()
    }
    owners = _owners(optimizers)
    for name, parameter in network.named_parameters():
        for key, value in owners[parameter].state.get(parameter, {}).items():
            tensors[f"optimizer.{key}.{name}"] = value
    metadata = {METADATA_KEY: json.dumps(dataclasses.asdict(counters))}
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_atomically(path, tensors_to_bytes(whole, metadata))


def load_checkpoint(
    path: Path, network: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> tuple[Counters, dict[str, dict[str, Tensor]]]:
    """Restore network and optimisers in place; return the counters and what was kept, empty
    where there was nothing yet.

    Raises InputError if the file is damaged or of another network.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        counters = Counters(**json.loads(metadata[METADATA_KEY]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _unusable(path, str(error)) from error
    try:
        network.load_state_dict(_part(tensors, "network."))
    except RuntimeError as error:  # its message has one line per tensor
        raise _unusable(path, "it is of another network") from error
    owners = _owners(optimizers)
    for name, parameter in network.named_parameters():
        owner = owners[parameter]
        keys = MOMENTS[type(owner)]
        state = {key: tensors.get(f"optimizer.{key}.{name}") for key in keys}
        found = {key: value for key, value in state.items() if value is not None}
        if found and len(found) < len(keys):
            raise _unusable(path, "it is of another optimiser")
        if found:
            owner.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device)
                for key, value in found.items()
            }
    return counters, {part: _part(tensors, f"{part}.") for part in KEPT}


def _owners(optimizers: Sequence[torch.optim.Optimizer]) -> dict[Tensor, torch.optim.Optimizer]:
    """Which of them steps with each parameter."""
    return {p: o for o in optimizers for group in o.param_groups for p in group["params"]}


def _unusable(path: Path, why: str) -> InputError:
    return InputError(f"the checkpoint {path} cannot be used: {why}", "start the training anew")


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
