"""Dropout that stays the same along a line (Gal & Ghahramani 2016).

A recurrent layer sees hundreds of frames of a line: values dropped anew in each of them average
out on its way, and drawing them all takes a twentieth of the training time. So a line loses the
same features in all its frames.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LineDropout(nn.Module):
    """frames (T, N, F) -> the same with about ``share`` (0..1) of each line's features set to 0
    and the others scaled up to make up for it, while training."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, frames: Tensor) -> Tensor:
        if not self.training or not self.share:
            return frames
        keep = 1 - self.share
        kept = torch.bernoulli(torch.full_like(frames[0], keep))  # (N, F)
        return frames * (kept / keep)
