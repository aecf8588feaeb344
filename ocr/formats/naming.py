"""Names of page files: ``a.alto.xml`` is the page ``a`` as ALTO."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ocr.errors import MissingExtraError, UsageError
from ocr.formats import SUFFIXES, WRITERS


def format_of(name: str) -> str | None:
    """The format that a file's name stands for; None for another name, or just ``.xml``."""
    return next((kind for kind, end in SUFFIXES.items() if name.lower().endswith(end)), None)


def output_name(name: str, kind: str) -> str:
    """The name of a page file made from another: ``a.b.xml`` and ``a.b.page.xml`` as ``alto``
    become ``a.b.alto.xml``."""
    return page_stem(name) + SUFFIXES[kind]


def page_stem(name: str) -> str:
    """The name of a page file without its suffixes: ``a.b.alto.xml`` -> ``a.b``."""
    own = format_of(name)
    return name[: -len(SUFFIXES[own])] if own else Path(name).stem


def listed_formats(names: str) -> list[str]:
    """The formats of a list like ``txt,alto``, each once. Raises UsageError for an unknown one, and
    for one whose library is not installed: at once, and not for every page."""
    kinds = list(dict.fromkeys(part.strip() for part in names.split(",") if part.strip()))
    unknown = [repr(kind) for kind in kinds if kind not in WRITERS]
    if unknown or not kinds:
        raise UsageError(
            f"there is no format {', '.join(unknown) or 'given'}",
            "choose from " + ", ".join(WRITERS),
        )
    if "pdf" in kinds and find_spec("pikepdf") is None:
        raise MissingExtraError("pikepdf")
    return kinds
