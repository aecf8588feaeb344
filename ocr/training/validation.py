"""The error of the network under training on lines of the store, read as recognition does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ocr.decoding.greedy import greedy
from ocr.metrics import edit_counts
from ocr.training.batches import Batcher
from ocr.types import Batch, IntArray

Forward = Callable[[Batch], tuple[Tensor, Tensor]]  # log-probabilities (T, N, K), frames (N,)


@torch.inference_mode()
def count_edits(
    forward: Forward, batcher: Batcher, indices: IntArray, batch_size: int
) -> tuple[int, int]:
    """Edits and reference characters of the lines with these indices."""
    edits = characters = 0
    by_width = indices[np.argsort(batcher.lines.widths[indices], kind="stable")]
    for start in range(0, len(by_width), batch_size):
        part = by_width[start : start + batch_size]
        log_probs, frames = forward(batcher.plain(part))
        log_probs = log_probs.cpu()
        for row, index in enumerate(part):
            (reading,) = greedy(log_probs[: int(frames[row]), row].numpy())
            text = batcher.lines.text(int(index))
            edits += edit_counts(text, batcher.alphabet.decode(reading.labels)).count
            characters += len(text)
    return edits, characters
