"""Of two readings of each line, that of the surer network.

What a network learns of one hand costs it some of the others. One that keeps its former weights
beside the new ones forgets nothing: both read every line, and the one is believed that is surer of
what it writes there. Like a mixture of experts (Jacobs, Jordan, Nowlan & Hinton 1991, "Adaptive
mixtures of local experts"), but that nothing has to learn which of them knows a line.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ocr.alphabet import BLANK


def surer(first: Tensor, second: Tensor, frames: Tensor) -> Tensor:
    """Log-probabilities (T, N, K) of two networks, frames of each line (N,) -> (T, N, K): of each
    line those of the network that is surer of it, the first if neither is."""
    chosen = sureness(second, frames) > sureness(first, frames)  # (N,)
    return torch.where(chosen[None, :, None], second, first)


def sureness(log_probs: Tensor, frames: Tensor) -> Tensor:
    """(T, N, K), (N,) -> (N,) 0..1: the mean probability of the best label over the frames in
    which it is not the blank; where it is the blank in all of them, over all."""
    best, labels = log_probs.max(dim=2)  # (T, N)
    inside = torch.arange(len(best), device=best.device)[:, None] < frames.to(best.device)
    written = inside & (labels != BLANK)
    counted = torch.where(written.any(dim=0), written, inside)
    return (best.exp() * counted).sum(dim=0) / counted.sum(dim=0).clamp(min=1)
