"""Where the characters of a known text stand: the most probable CTC path that reads it.

Viterbi's algorithm over the states  blank l1 blank l2 .. lU blank  (Graves et al. 2006, figure
3): from frame to frame a path stays, goes to the next state, or skips a blank between two
different labels. It begins in one of the first two states and ends in one of the last two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ocr.alphabet import BLANK
from ocr.decoding import native
from ocr.types import Float32Array, Float64Array, IntArray

Spans = tuple[tuple[int, int], ...]


def align_labels(log_probs: Float32Array | Float64Array, labels: Sequence[int]) -> Spans:
    """(first frame, one past the last) of each label on the best path.

    log_probs  (T, K) natural logs; labels (U,) without blanks
    Raises ValueError where T frames are too few for the labels. Among equal paths that which
    goes on earliest wins.
    """
    if not len(labels):
        return ()
    states = np.full(2 * len(labels) + 1, BLANK)  # (S,)
    states[1::2] = labels
    skips = np.zeros(len(states), np.bool_)  # whether a state can be reached over a blank
    skips[3::2] = states[3::2] != states[1:-2:2]
    scores = np.ascontiguousarray(log_probs[:, states], np.float64)  # (T, S)
    path = (native.best_path if native.can_run() else best_path)(scores, skips)
    if not len(path):
        raise ValueError(f"{len(log_probs)} frames cannot hold {len(labels)} labels")
    wanted = np.arange(1, len(states), 2)
    starts = np.searchsorted(path, wanted)
    ends = np.searchsorted(path, wanted, side="right")
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def peak_frames(
    log_probs: Float32Array | Float64Array, labels: Sequence[int], spans: Spans
) -> list[int]:
    """The frame of each span at which its label is most probable."""
    return [
        start + int(log_probs[start:end, label].argmax())
        for label, (start, end) in zip(labels, spans, strict=True)
    ]


def best_path(scores: Float64Array, skips: npt.NDArray[np.bool_]) -> IntArray:
    """(T,) the state at each frame; (0,) where no path reaches the end."""
    frames, count = scores.shape
    moves = np.zeros((frames, count), np.int8)
    reached = np.full(count, -np.inf)
    for t in range(frames):
        before, over = np.full(count, -np.inf), np.full(count, -np.inf)
        if t == 0:
            before[:2] = 0.0
        else:
            before[1:] = reached[:-1]
            over[2:] = np.where(skips[2:], reached[:-2], -np.inf)
        best = np.maximum(np.maximum(reached, before), over)
        moves[t] = np.where(best == reached, 0, np.where(best == before, 1, 2))
        reached = best + scores[t]
    path = np.empty(frames, np.int64)
    state = count - 1 if frames > 0 and reached[-1] >= reached[-2] else count - 2
    if frames == 0 or reached[state] == -np.inf:
        return path[:0]
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(moves[t, state])
    return path
