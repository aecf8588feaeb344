"""How many processes a training gets."""

from __future__ import annotations

import pytest

from ocr.options import TrainingOptions
from ocr.training import session
from ocr.training.session import MOST_PROCESSES, process_count


@pytest.mark.parametrize(
    ("asked", "batch", "cores", "processes"),
    [
        (0, 16, 4, 4),
        (0, 16, 64, MOST_PROCESSES),
        (0, 3, 4, 3),
        (6, 16, 2, 6),
        (6, 4, 8, 4),
        (1, 1, 8, 1),
    ],
)
def test_processes_follow_the_wish_the_cores_and_the_batch(
    monkeypatch: pytest.MonkeyPatch, asked: int, batch: int, cores: int, processes: int
) -> None:
    monkeypatch.setattr(session, "usable_cores", lambda: cores)
    assert process_count(TrainingOptions(processes=asked, batch_size=batch)) == processes


def test_a_gpu_needs_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(session, "usable_cores", lambda: 8)
    assert process_count(TrainingOptions()) == 1
