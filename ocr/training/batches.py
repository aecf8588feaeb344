"""Which lines form a batch, in which order, and how they become tensors.

Everything here is a function of (seed, epoch) or (seed, epoch, line): a resumed run needs no
random state to continue as if it had never stopped, and every process of a data-parallel run
can compute the whole order and take its own share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from ocr.alphabet import Alphabet, frames_needed
from ocr.network.padding import pad_columns
from ocr.preprocessing.columns import columns_from_line, frame_count
from ocr.training.augment import augment
from ocr.training.store import LineStore
from ocr.types import Batch, Float32Array, ModelSpec

POOL = 32  # batches sorted together: wide enough for equal widths, small enough to stay mixed

IndexArray = npt.NDArray[np.int64]


def epoch_order(
    widths: IndexArray, members: IndexArray, batch_size: int, seed: int, epoch: int
) -> list[IndexArray]:
    """The batches of one epoch: every member once, neighbours in a batch of similar width.

    widths   (lines,) px of all lines of the store
    members  indices of the lines to use
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(members)
    batches: list[IndexArray] = []
    pool = POOL * batch_size
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(widths[part], kind="stable")]
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


class Batcher:
    """Lines of a store -> Batch, distorted for training or as they are for validation.

    members  indices of the training lines: no other line is ever seen in a distorted one
    """

    def __init__(self, store: LineStore, spec: ModelSpec, members: IndexArray, seed: int) -> None:
        self.store, self.members, self.seed = store, members, seed
        self.alphabet = Alphabet(spec.alphabet)
        self.features = spec.preprocessing.features

    def plain(self, indices: Sequence[int] | IndexArray) -> Batch:
        """The lines as recognition sees them."""
        return self._collate(indices, [self.store.image(int(i)) for i in indices])

    def distorted(self, indices: IndexArray, epoch: int, strength: float) -> Batch:
        """The lines as if written and scanned again; the same for the same seed and epoch."""
        return self._collate(indices, [self._distort(int(i), epoch, strength) for i in indices])

    def _distort(self, index: int, epoch: int, strength: float) -> Float32Array:
        image = self.store.image(index)
        if strength <= 0:
            return image
        rng = np.random.default_rng((self.seed, epoch, index))
        neighbour = self.store.image(int(rng.choice(self.members)))
        changed = augment(image, rng, strength, neighbour)
        fits = frame_count(changed.shape[1]) >= frames_needed(self.store.lines[index].text)
        return changed if fits else image

    def _collate(self, indices: Sequence[int] | IndexArray, images: list[Float32Array]) -> Batch:
        labels = [self.alphabet.encode(self.store.lines[int(i)].text) for i in indices]
        values = [self._columns(image) for image in images]
        columns, lengths = pad_columns(values)
        return Batch(
            columns=columns,
            lengths=lengths,
            labels=torch.tensor([label for line in labels for label in line], dtype=torch.int64),
            label_lengths=torch.tensor([len(line) for line in labels], dtype=torch.int64),
            ids=tuple(self.store.lines[int(i)].id for i in indices),
        )

    def _columns(self, image: Float32Array) -> Float32Array:
        """(H, T) -> (T, F); where the columns lie in the source plays no part in training."""
        edges = np.arange(image.shape[1] + 1, dtype=np.float32)
        return columns_from_line(image, edges, self.features).values
