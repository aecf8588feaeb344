"""Models by name: those that came with the program."""

from __future__ import annotations

from pathlib import Path

from ocr.files.shipped import resolve, shipped_files

SUFFIX = ".safetensors"


def resolve_model(name_or_path: str | Path) -> Path:
    """The file of a path, or of a shipped model's name such as ``default``. Raises ModelError."""
    return resolve(name_or_path, shipped_models(), "model")


def shipped_models() -> dict[str, Path]:
    """Name -> file of every model that came with the program, by name."""
    return shipped_files(SUFFIX)
