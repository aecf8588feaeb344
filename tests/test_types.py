"""The values that travel between the rooms cannot be made wrong, nor changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocr import types
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import (
    Alternative,
    Batch,
    Columns,
    Hypothesis,
    Line,
    ModelSpec,
    Outcome,
    Page,
    PageTranscript,
    Score,
    Transcript,
)

PAGE = Page("p", Path("p.png"), 9, 9, (Line("l", ((0, 0), (9, 0), (9, 9)), ((0, 9), (9, 9))),))
OPTIONS = (PreprocessingOptions(), NetworkOptions())


def columns(frames: int, edges: int) -> Columns:
    return Columns(np.zeros((frames, 9), np.float32), np.zeros(edges, np.float32))


def batch(*counts: int) -> Batch:
    lines, lengths, sizes, ids = counts
    zeros: Any = np.zeros
    return Batch(zeros((lines, 4, 9)), zeros(lengths), zeros(5), zeros(sizes), tuple("abcd"[:ids]))


def test_right_values_are_accepted() -> None:
    columns(3, 4)
    columns(0, 1)
    batch(2, 2, 2, 2)
    Hypothesis((1, 2), ((0, 1), (2, 4)), -0.5, (0.9, 0.8))
    PageTranscript(PAGE, (Transcript("a", 1.0),), "id")
    Transcript("", 0.0)
    for status in ("done", "skipped", "failed"):
        Outcome(Path("a"), (), status)
    ModelSpec("ab ", *OPTIONS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Line("l", ((0, 0), (1, 1)), ()), "line l: a polygon needs 3 points, not 2"),
        (lambda: Page("p", Path("p"), 0, 5), "page p: 0 x 5 pixels"),
        (lambda: Page("p", Path("p"), 5, 0), "page p: 5 x 0 pixels"),
        (lambda: columns(3, 3), "do not fit edges"),
        (lambda: Columns(np.zeros(3, np.float32), np.zeros(4, np.float32)), "do not fit edges"),
        (lambda: batch(1, 2, 2, 2), "2 ids and 1 lines"),
        (lambda: batch(2, 1, 2, 2), "a batch of"),
        (lambda: batch(2, 2, 1, 2), "a batch of"),
        (lambda: batch(2, 2, 2, 1), "1 ids and 2 lines"),
        (lambda: Hypothesis((1,), (), 0.0, (1.0,)), "one span and one posterior"),
        (lambda: Hypothesis((1,), ((0, 1),), 0.0, ()), "one span and one posterior"),
        (lambda: Transcript("a", 1.01), "confidence 1.01"),
        (lambda: Transcript("a", float("nan")), "confidence nan"),
        (
            lambda: Transcript("a", 1.0, (), ("b",), scores=(Score(0, 0, 1),)),
            "every alternative need one",
        ),
        (lambda: Score(0, 0, 1.01), "share 1.01 is not within 0..1"),
        (lambda: Alternative("a", -0.1), "confidence -0.1 is not within 0..1"),
        (lambda: PageTranscript(PAGE, (), "id"), "page p: 0 transcripts for 1 lines"),
        (lambda: Outcome(Path("a"), (), "fine"), "status 'fine'"),
        (lambda: ModelSpec("aba", *OPTIONS), "names a character twice"),
        (
            lambda: ModelSpec("ab", *OPTIONS, temperature=0.0),
            "temperature 0.0 is not within",
        ),
        (lambda: ModelSpec("ab", *OPTIONS, temperature=float("nan")), "temperature nan"),
    ],
)
def test_wrong_values_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "kind",
    [v for v in vars(types).values() if isinstance(v, type) and dataclasses.is_dataclass(v)
     and v.__module__ == types.__name__],
)  # fmt: skip
def test_all_are_frozen_and_slotted(kind: type[Any]) -> None:
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
