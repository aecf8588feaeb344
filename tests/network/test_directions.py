"""Reading lines of different lengths from either end."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ocr.network.directions import BOTH, as_read, as_written, frame_mask, reversal, take_frames

line_lengths = st.lists(st.integers(0, 9), min_size=1, max_size=4)


@given(line_lengths, st.integers(0, 3))
def test_reversal_reverses_each_line_and_twice_is_the_identity(
    lengths: list[int], padding: int
) -> None:
    frames = max(lengths) + padding
    order = reversal(torch.tensor(lengths), frames)
    assert order.shape == (frames, len(lengths))
    for line, length in enumerate(lengths):
        expected = [*reversed(range(length)), *range(length, frames)]
        assert order[:, line].tolist() == expected
    values = torch.arange(frames * len(lengths) * 2).reshape(frames, len(lengths), 2)
    assert torch.equal(take_frames(take_frames(values, order), order), values)


@given(line_lengths)
def test_what_is_read_is_written_where_it_stood(lengths: list[int]) -> None:
    frames, counts = max(lengths) + 1, torch.tensor(lengths)
    values = 1.0 + torch.arange(frames * len(lengths) * 2).reshape(frames, len(lengths), 2, 1)
    read = as_read(values, counts, BOTH)  # (T, D, N, 1)
    for line, length in enumerate(lengths):
        assert torch.equal(read[:length, 0, line], values[:length, line, 0])
        assert torch.equal(read[:length, 1, line], values[:length, line, 1].flip(0))
    inside = frame_mask(counts, frames)[..., None]
    assert torch.equal(as_written(read, counts, BOTH), values * inside)
