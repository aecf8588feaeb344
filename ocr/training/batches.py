"""Which lines form a batch, in which order, and how they become tensors.

Everything here is a function of (seed, epoch) or (seed, step, line): a resumed run needs no
random state to continue as if it had never stopped, and every process of a data-parallel run
can compute the whole order and take its own share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ocr.alphabet import Alphabet, frames_needed
from ocr.network.padding import pad_columns
from ocr.preprocessing.columns import columns_alone, frame_count
from ocr.training.augment import STANDARD, augment
from ocr.training.balance import Draw
from ocr.training.lines import Lines
from ocr.training.run import Run
from ocr.types import Batch, Float32Array, IntArray, ModelSpec

POOL = 32  # batches sorted together: wide enough for equal widths, small enough to stay mixed
FEWEST_POOLS = 4  # of an epoch: sorted as one, few lines would be together every time
# Batches from short to long with which a run from nothing begins, at most an epoch: CTC finds out
# sooner what stands where while a line has few places for it (Amodei et al., "Deep Speech 2",
# 2016, section 3.3: SortaGrad). Whole pools, so that the others stay where they are.
SHORT_FIRST = 8 * POOL


def epoch_order(
    widths: IntArray,
    members: IntArray,
    batch_size: int,
    seed: int,
    epoch: int,
    short_first: int = 0,
) -> list[IntArray]:
    """The batches of one epoch: every member once, neighbours in a batch of similar width.

    widths       (lines,) px of all lines of the store
    members      indices of the lines to use
    short_first  so many batches come first, from short to long; the others in any order
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(members)
    # All as large as the others, or a line in a smaller one would weigh more.
    parts = np.array_split(order, -(-len(order) // batch_size))
    pool = POOL
    if len(np.unique(members)) == len(members):  # copies are told apart over a whole pool
        pool = min(POOL, -(-len(parts) // FEWEST_POOLS))
    batches: list[IntArray] = []
    for start in range(short_first, len(parts), pool):
        batches += _sorted(widths, parts[start : start + pool])
    mixed = [batches[i] for i in rng.permutation(len(batches))]
    return _sorted(widths, parts[:short_first]) + mixed


def _sorted(widths: IntArray, parts: Sequence[IntArray]) -> list[IntArray]:
    """Batches of the lines of all parts, as large as these, from short to long. Copies of a line,
    where its source is raised, come in different ones as long as there are other lines: a step
    distorts them alike."""
    if not parts:
        return []
    lines, sizes = np.concatenate(parts), [len(part) for part in parts]
    waiting = lines[np.argsort(widths[lines], kind="stable")]
    if len(np.unique(lines)) == len(lines):
        return np.split(waiting, np.cumsum(sizes)[:-1])
    batches = []
    for size in sizes:
        firsts = np.unique(waiting, return_index=True)[1]
        again = np.setdiff1d(np.arange(len(waiting)), firsts)
        taken = np.concatenate([np.sort(firsts), again])[:size]
        batches.append(waiting[np.sort(taken)])
        waiting = np.delete(waiting, taken)
    return batches


class Order:
    """Which lines each step takes.

    An epoch is as many lines as there are members, drawn as balance.py says; where lines are
    rendered, every batch has ``rendered`` of them as well, of similar length, and none comes
    twice in a run. A run that starts with no weights begins with short lines.
    """

    def __init__(self, lines: Lines, members: IntArray, run: Run) -> None:
        self.lines, self.run = lines, run
        self.draw = Draw(members, run.sources, run.options.balance, run.seed)
        self.steps_per_epoch = -(-len(members) // (run.options.batch_size - run.rendered))
        self._pool, self._batches = (-1, -1), list[IntArray]()
        self._epoch, self._stored = -1, list[IntArray]()

    def batch(self, step: int) -> IntArray:
        """Indices of the lines of step number ``step``."""
        epoch, position = divmod(step, self.steps_per_epoch)
        start = 0 if position < self._short_first(epoch) else position - position % POOL
        if (epoch, start) != self._pool:
            self._pool, self._batches = (epoch, start), self._batches_from(epoch, start)
        return self._batches[position - start]

    def typical(self) -> IntArray:
        """Of the first batches that of middling length."""
        batches, stored = self._batches_from(0, 0), len(self.lines.widths)
        widths = [self.lines.widths[batch[batch < stored]].mean() for batch in batches]
        return batches[int(np.argsort(widths, kind="stable")[len(batches) // 2])]

    def _short_first(self, epoch: int) -> int:
        """Batches from short to long at the beginning of an epoch."""
        return SHORT_FIRST if epoch == 0 and self.run.learns_anew else 0

    def _batches_from(self, epoch: int, start: int) -> list[IntArray]:
        """``POOL`` batches from place ``start`` of an epoch on, or all that lie from short to
        long; the rendered lines of as many are dealt out among them by length."""
        run, widths, short_first = self.run, self.lines.widths, self._short_first(epoch)
        if epoch != self._epoch:
            drawn, stored = self.draw.epoch(epoch), run.options.batch_size - run.rendered
            order = epoch_order(widths, drawn, stored, run.seed, epoch, short_first)
            self._epoch, self._stored = epoch, order
        batches = self._stored[start : start + (short_first if start < short_first else POOL)]
        first = len(widths) + (epoch * self.steps_per_epoch + start) * run.rendered
        numbers = np.arange(first, first + len(batches) * run.rendered)
        lengths = [len(self.lines.text(int(number))) for number in numbers]
        groups = numbers[np.argsort(lengths, kind="stable")].reshape(len(batches), run.rendered)
        ranks = np.argsort([widths[batch].mean() for batch in batches], kind="stable")
        for group, rank in zip(groups, ranks, strict=True):
            batches[rank] = np.concatenate([batches[rank], group])
        return batches


class Batcher:
    """Lines -> Batch, distorted for training or as they are for validation.

    members      indices of the training lines: no other line is ever seen in a distorted one
    distortions  how often each happens, and how far it goes
    """

    distortions = STANDARD

    def __init__(self, lines: Lines, spec: ModelSpec, members: IntArray, seed: int) -> None:
        self.lines, self.members, self.seed = lines, members, seed
        self.alphabet = Alphabet(spec.alphabet)
        self.features = spec.preprocessing.features

    def plain(self, indices: Sequence[int] | IntArray) -> Batch:
        """The lines as recognition sees them."""
        return self._collate(indices, [self.lines.image(int(i)) for i in indices])

    def distorted(self, indices: IntArray, step: int, strength: float) -> Batch:
        """The lines as if written and scanned again; the same for the same seed and step."""
        return self._collate(indices, [self._distort(int(i), step, strength) for i in indices])

    def _distort(self, index: int, step: int, strength: float) -> Float32Array:
        image = self.lines.image(index)
        if strength <= 0:
            return image
        rng = np.random.default_rng((self.seed, step, index))
        neighbour = self.lines.image(int(rng.choice(self.members)))
        changed = augment(image, rng, strength, neighbour, self.distortions)
        fits = frame_count(changed.shape[1]) >= frames_needed(self.lines.text(index))
        return changed if fits else image

    def _collate(self, indices: Sequence[int] | IntArray, images: list[Float32Array]) -> Batch:
        labels = [self.alphabet.encode(self.lines.text(int(i))) for i in indices]
        values = [columns_alone(image, self.features).values for image in images]
        columns, lengths = pad_columns(values)
        return Batch(
            columns=columns,
            lengths=lengths,
            labels=torch.tensor([label for line in labels for label in line], dtype=torch.int64),
            label_lengths=torch.tensor([len(line) for line in labels], dtype=torch.int64),
            ids=tuple(self.lines.name(int(i)) for i in indices),
        )
