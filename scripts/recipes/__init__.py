"""What the shipped models are made from: NAME.json in this folder for each of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PACKED = "packed.json"  # collection -> its training lines, and those of them that are packed


def recipe_of(name: str, part: str = "training") -> dict[str, Any]:
    """The recipe of that name among those that have the part, by which models that read differ
    from language models; ends the script where there is none."""
    recipes = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
    known = {other: recipe for other, recipe in recipes.items() if part in recipe}
    if name not in known:
        sys.exit(f"there is no such recipe as {name}; there are {', '.join(sorted(known))}")
    found: dict[str, Any] = known[name]
    return found


def weight(collection: str, recipe: dict[str, Any]) -> float:
    """By its kind: how often its lines come, relative to the others."""
    return float(recipe.get("weights", {}).get(collection.partition("/")[0], 1.0))
