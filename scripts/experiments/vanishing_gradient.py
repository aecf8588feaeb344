"""How much of an error reaches an input that lies many frames back.

The norm of the gradient of the last frame's outputs with respect to the input, by the number of
frames between them; medians over random inputs and fresh networks. The lectures state: a simple
layer multiplies by less than 1 per frame (with the logistic function, and weights of 1, by at most
0.25; here it has tanh), so that nothing is left after some; the constant error carousel multiplies
by 1; a time-delay layer sees its window and nothing before it.

That the carousel's error is constant holds where no error goes back through the outputs that the
gates read, as in 1997 (appendix A.1 of the paper): the row "cut". The whole gradient goes back
through them too, and need not stay what it is.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from runner import Experiment, SequenceNetwork, new_figure, table
from torch import Tensor

from ocr.network.lstm import LstmCell
from ocr.network.recurrent import RecurrentLayer

CUT = "lstm-1997, cut"
CELLS = ("rnn", CUT, "lstm-1997", "lstm", "tdnn")
FRAMES = 200
FEATURES = 8
HIDDEN = 32  # units
NETWORKS = 20
FITTED = (10, 190)  # lags between which the factor a frame is taken, frames
SHOWN = (0, 5, 10, 50, 100, 190)  # lags of the table, frames
EXPECTED = {
    "rnn": "vanishes exponentially",
    CUT: "constant error flow",
    "lstm-1997": "",
    "lstm": "as the forget gate allows",
    "tdnn": "0 beyond the window",
}


def gradient_by_lag(cell: str, seed: int, frames: int) -> NDArray[np.float64]:
    """(frames,) norm of d(sum of v y(last))/dx(last - lag) for a random direction v."""
    torch.manual_seed(seed)
    network = SequenceNetwork(cell.removesuffix(", cut"), FEATURES, HIDDEN, 1).double()
    x = torch.randn(frames, 1, FEATURES, dtype=torch.float64, requires_grad=True)
    if cell == CUT:
        outputs = walk_1997(network, x[:, 0])[-1]  # (H,)
    else:
        outputs = network.read(x, torch.tensor([frames]))[-1, 0]
    (gradient,) = torch.autograd.grad((outputs * torch.randn(HIDDEN).double()).sum(), x)
    norms: NDArray[np.float64] = gradient[:, 0].norm(dim=1).flip(0).numpy()
    return norms


def walk_1997(network: SequenceNetwork, x: Tensor) -> Tensor:
    """x (T, F) -> y (T, H) of an lstm-1997, through which no error goes back from the gates to the
    outputs that they read, but for that through the cell states alone."""
    layer = network.layer
    assert isinstance(layer, RecurrentLayer)
    assert isinstance(layer.cell, LstmCell)
    w, r, b = layer.input_weights[0], layer.recurrent_weights[0], layer.bias[0]
    y, c, outputs = x.new_zeros(layer.hidden), x.new_zeros(layer.hidden), []
    for frame in x:
        i, z, o = (w @ frame + r @ y.detach() + b).view(3, -1)  # each (H,)
        c = c + i.sigmoid() * layer.cell.g(z)
        y = o.sigmoid() * layer.cell.h(c)
        outputs.append(y)
    return torch.stack(outputs)


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
