from __future__ import annotations

import math

import pytest

from ocr.options import TrainingOptions
from ocr.training.schedule import DEFAULT_EPOCHS, LAST_RATE, Schedule, cycle


@pytest.mark.parametrize(
    ("limits", "steps", "seconds", "fraction"),
    [
        ({"epochs": 2}, 5, 1e9, 0.25),
        ({"epochs": 0.5}, 5, 0, 1.0),
        ({"epochs": 2}, 25, 0, 1.0),
        ({"minutes": 2}, 10**9, 30, 0.25),
        ({"minutes": 2}, 0, 121, 1.0),
        ({"epochs": 2, "minutes": 2}, 5, 60, 0.5),
        ({"epochs": 2, "minutes": 2}, 15, 60, 0.75),
        ({}, 5, 1e9, 5 / (10 * DEFAULT_EPOCHS)),
    ],
)
def test_the_nearer_limit_says_how_far_a_run_is(
    limits: dict[str, float], steps: int, seconds: float, fraction: float
) -> None:
    schedule = Schedule(TrainingOptions(**limits), steps_per_epoch=10)
    assert schedule.fraction(steps, seconds) == pytest.approx(fraction)


def test_the_cycle_is_half_a_cosine() -> None:
    assert cycle(0) == 1
    assert cycle(0.5) == pytest.approx((1 + LAST_RATE) / 2)
    assert cycle(1) == pytest.approx(LAST_RATE)
    assert cycle(1 / 3) == pytest.approx(LAST_RATE + (1 - LAST_RATE) * 0.75)


def test_the_step_size_rises_first() -> None:
    schedule = Schedule(TrainingOptions(warmup=4), steps_per_epoch=10)
    assert [schedule.rate(step, 0) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert schedule.rate(1, 0.5) == pytest.approx(0.5 * cycle(0.5))
    assert Schedule(TrainingOptions(warmup=0), 10).rate(0, 0) == 1
    assert math.isclose(schedule.rate(100, 1), LAST_RATE)
