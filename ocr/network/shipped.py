"""Models by name: those that came with the program."""

from __future__ import annotations

from pathlib import Path

from ocr.files.shipped import resolve, shipped_files

SUFFIX = ".safetensors"
ALIASES = {"hand": "default"}  # one model for hands and print; print has another of its own too


def resolve_model(name_or_path: str | Path) -> Path:
    """The file of a path, or of a shipped model's name such as ``default``. Raises ModelError."""
    models = shipped_models()
    others = {alias: models[name] for alias, name in aliases().items()}
    return resolve(name_or_path, {**others, **models}, "model", SUFFIX)


def aliases() -> dict[str, str]:
    """Other name -> the name of the shipped model that it stands for."""
    models = shipped_models()
    return {a: name for a, name in ALIASES.items() if name in models and a not in models}


def shipped_models() -> dict[str, Path]:
    """Name -> file of every model that came with the program, by name."""
    return shipped_files(SUFFIX)
