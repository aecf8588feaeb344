"""What came with the program, by name: ``default`` stands for a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ocr.errors import ModelError


def shipped_files(suffix: str) -> dict[str, Path]:
    """Name -> every shipped file with that suffix, by name: from the package where it is
    installed, from the repository otherwise."""
    package = Path(__file__).parents[1]
    installed = package / "shipped_models"
    folder = installed if installed.is_dir() else package.parent / "models"
    return {file.stem: file for file in sorted(folder.glob(f"*{suffix}"))}


def is_shipped(path: Path, shipped: Mapping[str, Path]) -> bool:
    """Whether the path, by whatever name or link, is one of the shipped files."""
    return path.resolve() in {file.resolve() for file in shipped.values()}


def resolve(name_or_path: str | Path, shipped: Mapping[str, Path], kind: str, suffix: str) -> Path:
    """The file of a path, with its suffix or without, or of a shipped name; ``kind`` says in
    messages what it should be. Raises ModelError."""
    try:
        path = Path(name_or_path).expanduser()
        is_file, is_folder = path.is_file(), path.is_dir()
    except (OSError, RuntimeError) as error:  # RuntimeError: the home of an unknown user
        raise ModelError(f"{name_or_path} cannot be read ({error})", "check the path") from error
    if is_file:
        return path
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    whole = path.with_name(path.name + suffix) if path.name else path
    if whole.is_file():
        return whole
    if is_folder:
        raise ModelError(f"{path} is a folder", f"give a {kind} file")
    names = ", ".join(shipped) or "none"
    raise ModelError(
        f"there is no {kind} {name_or_path}", f"give a {kind} file or a shipped name ({names})"
    )
