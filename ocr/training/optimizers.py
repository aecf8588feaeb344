"""Which rule steps with which weights: Muon with the matrices between hidden units, AdamW with
first and last layers, biases and norms, as the authors of Muon advise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import nn

from ocr.network.recurrent import RecurrentLayer
from ocr.training.muon import Muon
from ocr.training.objective import Objective
from ocr.training.parallel import Exchange

BETAS = (0.9, 0.99)  # of AdamW: a shorter memory of squares than the usual 0.999, for short runs

Optimizers = tuple[torch.optim.Optimizer, ...]


def make_optimizers(
    objective: Objective,
    rate: float,
    decay: float,
    dtype: torch.dtype,
    exchange: Exchange | None = None,
) -> Optimizers:
    """One or two, which together hold every parameter once. ``dtype``: of Muon's products, which
    the processes of ``exchange`` share."""
    matrices = list(hidden_matrices(objective.network))
    taken = {parameter for parameter, _ in matrices}
    others = [parameter for parameter in objective.parameters() if parameter not in taken]
    adam = torch.optim.AdamW(others, lr=rate, betas=BETAS, weight_decay=decay)
    return (Muon(matrices, rate, decay, dtype, exchange), adam) if matrices else (adam,)


def take_step(optimizers: Optimizers, rate: float) -> None:
    """Step with all of them, at this step size."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()


def hidden_matrices(network: nn.Module) -> Iterator[tuple[nn.Parameter, tuple[int, int, int]]]:
    """Parameters and their shapes (matrices, rows, columns): one matrix for each gate of a
    recurrent layer, and for each convolution but the first."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels > 1:
            kernels = cast(nn.Parameter, module.weight)  # (outputs, inputs, 3, 3)
            yield kernels, (1, module.out_channels, kernels[0].numel())
        elif isinstance(module, RecurrentLayer):
            for weights in (module.input_weights, module.recurrent_weights):  # (D, G H, inputs)
                gates = len(weights) * module.cell.gates
                yield weights, (gates, module.hidden, weights.shape[2])
