"""What is dropped, for how long, and how much is left."""

from __future__ import annotations

import pytest
import torch

from ocr.network.dropout import LineDropout

FRAMES = torch.ones(50, 40, 60)


def test_a_line_loses_the_same_features_in_every_frame() -> None:
    torch.manual_seed(1)
    result = LineDropout(0.25)(FRAMES)
    assert torch.equal(result, result[:1].expand_as(result))
    lines = result[0]  # (N, F)
    assert not torch.equal(lines[0], lines[1])
    assert sorted(lines.unique().tolist()) == [0, pytest.approx(1 / 0.75)]


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_is_dropped_and_the_mean_stays(share: float) -> None:
    torch.manual_seed(2)
    result = LineDropout(share)(FRAMES)
    assert (result == 0).float().mean().item() == pytest.approx(share, abs=0.03)
    assert result.mean().item() == pytest.approx(1, abs=0.04)


def test_nothing_is_dropped_in_use_or_at_share_0() -> None:
    assert LineDropout(0.5).eval()(FRAMES) is FRAMES
    assert LineDropout(0.0)(FRAMES) is FRAMES
