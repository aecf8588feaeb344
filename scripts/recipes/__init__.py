"""What the shipped models are made from: NAME.json in this folder for each of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def recipe_of(name: str) -> dict[str, Any]:
    """The recipe of that name; ends the script where there is none."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in FOLDER.glob("*.json")))
        sys.exit(f"there is no recipe {name}; there are {known}")
    recipe: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return recipe


def weight(collection: str, recipe: dict[str, Any]) -> float:
    """By its kind: how often its lines come, relative to the others."""
    return float(recipe.get("weights", {}).get(collection.partition("/")[0], 1.0))
