"""Lines of different lengths side by side, read from the left and from the right.

A batch of lines is (T, N, F), padded behind each line's own length. A direction that reads from
right to left begins at each line's own end, so padding changes nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

LEFT_TO_RIGHT, RIGHT_TO_LEFT = False, True
BOTH = (LEFT_TO_RIGHT, RIGHT_TO_LEFT)  # direction 0, direction 1


def frame_mask(lengths: Tensor, frames: int) -> Tensor:
    """(T, N, 1) bool: true inside each line's own length."""
    time = torch.arange(frames, device=lengths.device)
    return (time[:, None] < lengths[None, :])[:, :, None]


def reversal(lengths: Tensor, frames: int) -> Tensor:
    """(T, N) int64: the frame order that reverses each line within its own length and leaves
    the padding behind it in place. Applying it twice is the identity."""
    time = torch.arange(frames, device=lengths.device)[:, None]  # (T, 1)
    reverse = lengths[None, :] - 1 - time  # (T, N)
    return torch.where(reverse >= 0, reverse, time)


def take_frames(frames: Tensor, order: Tensor) -> Tensor:
    """frames (T, N, F) reordered in time by order (T, N)."""
    count = frames.shape[1]
    rows = order * count + torch.arange(count, device=order.device)  # whole frames: one copy each
    return frames.reshape(-1, *frames.shape[2:]).index_select(0, rows.flatten()).view_as(frames)


def as_read(values: Tensor, lengths: Tensor, reverse: tuple[bool, ...]) -> Tensor:
    """(T, N, D, F) in frame order -> (T, D, N, F) in the order in which each direction reads;
    0 in the padding."""
    parts = list((values * frame_mask(lengths, len(values))[..., None]).unbind(2))
    if any(reverse):
        order = reversal(lengths, len(values))
        parts = [
            take_frames(part, order) if backwards else part
            for part, backwards in zip(parts, reverse, strict=True)
        ]
    return torch.stack(parts, dim=1)


def as_written(values: Tensor, lengths: Tensor, reverse: tuple[bool, ...]) -> Tensor:
    """The way back: (T, D, N, F) -> (T, N, D, F), 0 in the padding."""
    return as_read(values.transpose(1, 2), lengths, reverse).transpose(1, 2)
