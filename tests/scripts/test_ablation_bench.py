"""The bench of what training is made of: its changes are ones that there are, and each changes
something. What it measures takes hours and is not shown here."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ocr.fields import from_dict
from ocr.options import TrainingOptions
from ocr.training.augment import STANDARD

ROOT = Path(__file__).resolve().parents[2]


def test_every_change_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "bench"))
    changes = dict(importlib.import_module("ablation").CHANGES)
    recipe = json.loads((ROOT / "scripts" / "recipes" / "default.json").read_text("utf-8"))
    usual = from_dict(TrainingOptions, recipe["training"]), STANDARD
    assert changes.pop("as the recipe").options == {}
    for change in changes.values():
        assert (
            replace(usual[0], **change.options),
            replace(STANDARD, **change.distortions),
        ) != usual
