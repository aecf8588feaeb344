"""Lines of different widths -> one padded tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ocr.types import Float32Array

WIDTH_BUCKET = 128  # px; few distinct widths, or the CPU kernels' caches grow without end


def padded_width(width: int) -> int:
    """The next multiple of ``WIDTH_BUCKET``, in columns."""
    return -(-width // WIDTH_BUCKET) * WIDTH_BUCKET


def pad_columns(values: Sequence[Float32Array]) -> tuple[Tensor, Tensor]:
    """Lines (T_n, F) -> columns (N, T, F) float32 padded with 0 to a multiple of
    ``WIDTH_BUCKET``, and lengths (N,) int64."""
    lengths = [len(line) for line in values]
    width = padded_width(max(lengths))
    columns = np.zeros((len(values), width, values[0].shape[1]), dtype=np.float32)
    for row, line in zip(columns, values, strict=True):
        row[: len(line)] = line
    return torch.from_numpy(columns), torch.tensor(lengths, dtype=torch.int64)
