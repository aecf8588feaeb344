"""Best path decoding (Graves, Fernandez, Gomez & Schmidhuber 2006, section 3.2).

    path = argmax over labels of log_probs[t], at every frame t
    text = B(path): repeated labels become one, then blanks are dropped

The most probable path is found exactly, frame by frame, because CTC takes the frames as
independent. It is not always the most probable text, whose probability is a sum over many
paths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ocr.alphabet import BLANK
from ocr.types import Float32Array, Hypothesis, IntArray


def collapse(path: Sequence[int] | IntArray) -> tuple[int, ...]:
    """The mapping B of CTC: (T,) labels of the frames -> labels of the text, no blank (0).

    A blank between two equal labels keeps them apart: 1 1 0 1 becomes 1 1.
    """
    frames = np.asarray(path, dtype=np.int64)
    labels = frames[_run_starts(frames)]
    return tuple(labels[labels != BLANK].tolist())


def greedy(log_probs: Float32Array) -> tuple[Hypothesis]:
    """Decode the single most probable path, the only hypothesis.

    log_probs  (T, K) natural logs, label 0 the blank; T may be 0, which reads as no text.

    ``optical`` is the path's log-probability, the sum over all T frames, blanks included. A
    label's span is its run of frames; its posterior, 0..1, is the largest it reaches there.
    Among equally probable labels of a frame the lowest wins, the blank before all others.
    """
    path = log_probs.argmax(axis=1)  # (T,)
    best = log_probs.max(axis=1)  # (T,)
    starts = _run_starts(path)  # (R,) of R runs
    ends = np.append(starts[1:], len(path))[: len(starts)]
    peaks = np.minimum(np.exp(np.maximum.reduceat(best, starts)), 1.0)  # rounding may exceed 1
    kept = path[starts] != BLANK
    hypothesis = Hypothesis(
        labels=collapse(path),
        spans=tuple(zip(starts[kept].tolist(), ends[kept].tolist(), strict=True)),
        optical=float(best.sum(dtype=np.float64)),
        posteriors=tuple(peaks[kept].tolist()),
    )
    return (hypothesis,)


def _run_starts(path: IntArray) -> IntArray:
    """First frame of every run of equal labels, (R,), for a path (T,)."""
    changes = np.ones(len(path), dtype=bool)
    changes[1:] = path[1:] != path[:-1]
    return np.flatnonzero(changes)
