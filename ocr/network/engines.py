"""How a trained network is run: lines of any widths in, log-probabilities of each line out.

Lines are sorted by width and padded to few distinct widths, so that little is computed for
padding and the CPU kernels' caches stay small; the result does not depend on the company.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from ocr.network.padding import pad_columns, padded_width
from ocr.network.precision import autocast
from ocr.network.recognizer import RecognizerNetwork
from ocr.types import Columns, Float32Array

COLUMNS_PER_BATCH = 8_192  # columns that go through the network together, bounds the memory


class Engine(Protocol):
    """Anything that turns columns into log-probabilities."""

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        """Per line (T', K) float32 natural logs, T' = frame_count(T), in the given order."""


class TorchEngine:
    """Runs the network as it was trained, on the CPU or on CUDA."""

    def __init__(self, network: RecognizerNetwork, precision: str = "auto") -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.eval().to(self.device)
        self.precision = precision

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        results: list[Float32Array] = [np.empty((0, 0), np.float32)] * len(lines)
        for part in batches_by_width([padded_width(len(line.values)) for line in lines]):
            for index, result in zip(part, self._run([lines[i] for i in part]), strict=True):
                results[index] = result
        return results

    @torch.inference_mode()
    def _run(self, lines: Sequence[Columns]) -> list[Float32Array]:
        columns, lengths = pad_columns([line.values for line in lines])
        with autocast(self.device, self.precision):
            log_probs, frames = self.network(columns.to(self.device), lengths.to(self.device))
        whole = log_probs.cpu().numpy()  # (T', N, K)
        return [np.ascontiguousarray(whole[: int(count), row]) for row, count in enumerate(frames)]


def batches_by_width(widths: Sequence[int], budget: int = COLUMNS_PER_BATCH) -> list[list[int]]:
    """Indices of lines grouped by similar width; a group's lines times its largest width stay
    within ``budget`` columns, but every group has at least one line."""
    groups: list[list[int]] = []
    current: list[int] = []
    for index in sorted(range(len(widths)), key=lambda i: widths[i]):
        if current and (len(current) + 1) * widths[index] > budget:
            groups.append(current)
            current = []
        current.append(index)
    return [*groups, current] if current else groups
