"""How much of an error reaches an input that lies many frames back.

The norm of the gradient of the last frame's outputs with respect to the input, by the number of
frames between them; medians over random inputs and fresh networks. The lectures state: with the
logistic function a simple layer multiplies by at most 0.25 per frame, so that nothing is left
after some; the constant error carousel multiplies by 1; a time-delay layer sees its window and
nothing before it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from runner import Experiment, SequenceNetwork, new_figure, table

CELLS = ("rnn", "lstm-1997", "lstm", "tdnn")
FRAMES = 200
FEATURES = 8
HIDDEN = 32  # units
NETWORKS = 20
FITTED = (10, 60)  # lags between which the factor a frame is taken, frames
SHOWN = (0, 5, 10, 50, 100, 190)  # lags of the table, frames
EXPECTED = {
    "rnn": "vanishes exponentially",
    "lstm-1997": "constant error flow",
    "lstm": "as the forget gate allows",
    "tdnn": "0 beyond the window",
}


def gradient_by_lag(cell: str, seed: int, frames: int) -> NDArray[np.float64]:
    """(frames,) norm of d(sum of v y(last))/dx(last - lag) for a random direction v."""
    torch.manual_seed(seed)
    network = SequenceNetwork(cell, FEATURES, HIDDEN, 1).double()
    x = torch.randn(frames, 1, FEATURES, dtype=torch.float64, requires_grad=True)
    outputs = network.read(x, torch.tensor([frames]))[-1, 0]  # (H,)
    (gradient,) = torch.autograd.grad((outputs * torch.randn(HIDDEN).double()).sum(), x)
    norms: NDArray[np.float64] = gradient[:, 0].norm(dim=1).flip(0).numpy()
    return norms


def main() -> None:
    experiment = Experiment("vanishing_gradient", __doc__)
    networks = 3 if experiment.quick else NETWORKS
    figure, axes = new_figure()
    rows = []
    for cell in CELLS:
        seeds = range(experiment.seed, experiment.seed + networks)
        norms = np.median([gradient_by_lag(cell, seed, FRAMES) for seed in seeds], axis=0)
        norms /= norms[0]
        axes.plot(np.maximum(norms, 1e-20), label=cell)  # a logarithm needs more than 0
        first, last = FITTED
        factor = (norms[last] / norms[first]) ** (1 / (last - first)) if norms[first] else 0.0
        rows.append(
            (cell, *(f"{norms[lag]:.1e}" for lag in SHOWN), f"{factor:.3f}", EXPECTED[cell])
        )
    axes.set(yscale="log", ylim=(1e-18, 1e2), xlabel="lag, frames")
    axes.set_ylabel("gradient norm, relative to lag 0")
    axes.legend()
    head = ("layer", *(f"lag {lag}" for lag in SHOWN), "factor a frame", "published")
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
