"""Of two readings of each line, that of the surer network.

What a network learns of one hand costs it some of the others. One that keeps its former weights
beside the new ones forgets little: both read every line, and the one is believed that is surer of
what it writes there. Like a mixture of experts (Jacobs, Jordan, Nowlan & Hinton 1991, "Adaptive
mixtures of local experts"), but that nothing has to learn which of them knows a line.

Few lines make a network sure of everything. So it has to be surer by a margin, a share of that by
which it usually is on lines of the hand that it has not learnt from (training/finish.py).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ocr.alphabet import BLANK

PAPER = 0.95  # the probability of the blank in frames that tell nothing
CERTAIN = 1e-3  # nats; from here on surer is not told from sure


def surer(new: Tensor, former: Tensor, frames: Tensor, margin: Tensor | float = 0.0) -> Tensor:
    """Log-probabilities (T, N, K) of two networks, frames of each line (N,) -> (T, N, K): of each
    line those of the new one if it is surer by more than the margin, else the former's."""
    chosen = sureness(new, frames) - sureness(former, frames) > margin  # (N,)
    return torch.where(chosen[None, :, None], new, former)


def sureness(log_probs: Tensor, frames: Tensor) -> Tensor:
    """(T, N, K), (N,) -> (N,): -ln of the mean entropy, in nats, over the frames that are not
    clearly paper; where all of them are, over all. One more is e times less doubt."""
    doubt = -(log_probs.exp() * log_probs).sum(dim=2)  # (T, N)
    inside = torch.arange(len(doubt), device=doubt.device)[:, None] < frames.to(doubt.device)
    telling = inside & (log_probs[:, :, BLANK] < math.log(PAPER))
    counted = torch.where(telling.any(dim=0), telling, inside)
    means = (doubt * counted).sum(dim=0) / counted.sum(dim=0).clamp(min=1)
    return -(means + CERTAIN).log()
