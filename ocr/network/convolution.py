"""Learned column features: a convolutional front end that collapses the height.

Four 3 x 3 convolutions, each with pooling, batch normalisation and ReLU. The first two halve
height and width, the other two the height alone; what is left of the height is stacked into the
features of a frame. One frame covers ``COLUMNS_PER_FRAME`` columns.

Where the width is already that of the frames, further convolutions can follow each block. Each
adds to what it reads, so that a deep front end learns as surely as a shallow one (He et al. 2016,
"Deep residual learning for image recognition"), and begins by adding nothing.

Lines of one batch are padded to one width. After every block the padding is set to 0 again, so
that a line reads the same alone and in company.
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from operator import mul

import torch
from torch import Tensor, nn
from torch.nn import functional

from ocr.preprocessing.columns import COLUMNS_PER_FRAME

POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))  # (rows, columns) merged after each block
STEPS = tuple(accumulate((columns for _, columns in POOLS), mul))  # columns of a cell then
HEIGHT_DIVISOR = 16


def frame_lengths(lengths: Tensor) -> Tensor:
    """Columns of each line (N,) int64 -> frames of each line (N,): ``frame_count`` of each."""
    return (lengths + COLUMNS_PER_FRAME - 1) // COLUMNS_PER_FRAME


class ConvolutionalFrontEnd(nn.Module):
    """(N, T, H) ink, lengths (N,) columns -> frames (T', N, features)."""

    def __init__(
        self, height: int, channels: tuple[int, ...], residuals: int, dropout: float
    ) -> None:
        super().__init__()
        sizes = (1, *channels)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            for inputs, outputs in zip(sizes, channels, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for outputs in channels)
        self.residuals = nn.ModuleList(
            nn.ModuleList(
                Residual(size) for _ in range(residuals if step == COLUMNS_PER_FRAME else 0)
            )
            for size, step in zip(channels, STEPS, strict=True)
        )
        self.dropout = nn.Dropout2d(dropout)
        self.features = channels[-1] * (-(-height // HEIGHT_DIVISOR))

    def forward(self, columns: Tensor, lengths: Tensor) -> Tensor:
        image = columns.transpose(1, 2).unsqueeze(1)  # (N, 1, H, T)
        image = pad_to_multiples(image)
        image = image.contiguous(memory_format=torch.channels_last)
        blocks = zip(self.convolutions, self.norms, self.residuals, POOLS, STEPS, strict=True)
        for convolution, norm, residuals, pool, step in blocks:
            image = convolution(image)
            image = max_pool(image, pool)
            image = functional.relu(norm(image))  # after the pool, where fewer cells are left
            mask = column_mask(lengths, image.shape[3], step).to(image.dtype)
            image = image * mask
            assert isinstance(residuals, nn.ModuleList)
            for residual in residuals:
                image = residual(image) * mask
        image = self.dropout(image)
        stacked: Tensor = image.permute(3, 0, 2, 1)  # (T', N, H', C)
        return stacked.flatten(2)  # (T', N, H' C)


class Residual(nn.Module):
    """x (N, C, rows, columns), not negative -> ReLU(x + norm(convolution(x))), the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)  # at first it passes on what it is given

    def forward(self, image: Tensor) -> Tensor:
        return functional.relu(image + self.norm(self.convolution(image)))


def max_pool(image: Tensor, pool: tuple[int, int]) -> Tensor:
    """(N, C, rows, columns), which the pool divides -> (N, C, rows / pool[0], columns / pool[1]):
    the largest of the cells that are merged.

    torch's pool notes where each maximum was, for the way back. Where there is none, comparing
    slices takes less than half its time, but with one ten times as long.
    """
    if torch.is_grad_enabled():
        return functional.max_pool2d(image, pool)
    rows, columns = pool
    image = reduce(torch.maximum, [image[:, :, :, first::columns] for first in range(columns)])
    return reduce(torch.maximum, [image[:, :, first::rows] for first in range(rows)])


def pad_to_multiples(image: Tensor) -> Tensor:
    """(N, 1, H, T) padded with paper below and right until the pools divide it."""
    height, width = image.shape[2:]
    below, right = -height % HEIGHT_DIVISOR, -width % COLUMNS_PER_FRAME
    return functional.pad(image, (0, right, 0, below)) if below or right else image


def column_mask(lengths: Tensor, width: int, step: int) -> Tensor:
    """(N, 1, 1, width) bool: true where a cell of ``step`` columns holds some of the line."""
    left = torch.arange(width, device=lengths.device) * step
    whole = COLUMNS_PER_FRAME * frame_lengths(lengths)  # a line owns its last frame entirely
    inside: Tensor = left[None, :] < whole[:, None]  # (N, width)
    return inside[:, None, None, :]
