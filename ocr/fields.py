"""One option: its default, help, unit and limits, and how a value is held against them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import field
from typing import Any, TypeVar

from ocr.errors import UsageError

T = TypeVar("T")

TYPES = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}
"""What a field's annotation admits; true is no number here, and 1 may stand for 1.0."""
NO_AMOUNT = (math.inf, -math.inf)  # nor is NaN, which equals nothing


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    flag: str = "",
) -> Any:
    """One dataclass field that can stand on a command line.

    ``unit`` is shown after the default; ``choices`` limits a string; ``minimum`` and
    ``maximum`` are inclusive; ``flag`` overrides the name made from the field's.
    """
    metadata = {
        "help": help,
        "unit": unit,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "flag": flag,
    }
    return field(default=default, metadata=metadata)


class FieldError(UsageError):
    """A field cannot have its value; ``complaint`` says why, after the field's name."""

    def __init__(self, field: str, complaint: str, hint: str = "") -> None:
        super().__init__(f"{field} {complaint}", hint)
        self.field, self.complaint = field, complaint


def check(options: Any) -> None:
    """Raise FieldError unless every field has its type and respects its choices and limits."""
    for entry in dataclasses.fields(options):
        value, rule = getattr(options, entry.name), entry.metadata
        kind, _, optional = str(entry.type).partition(" | ")
        if value is None and optional:
            continue
        if type(value) not in TYPES[kind] or value in NO_AMOUNT or value != value:
            hint = f"it needs a value of type {kind}"
            raise FieldError(entry.name, f"cannot be {value!r}", hint)
        if rule["choices"] and value not in rule["choices"]:
            hint = "choose from " + ", ".join(rule["choices"])
            raise FieldError(entry.name, f"cannot be {value!r}", hint)
        if rule["minimum"] is not None and value < rule["minimum"]:
            raise FieldError(entry.name, f"is {value}, but at least {rule['minimum']} is needed")
        if rule["maximum"] is not None and value > rule["maximum"]:
            raise FieldError(entry.name, f"is {value}, but at most {rule['maximum']} is possible")


def from_dict(kind: type[T], values: dict[str, Any]) -> T:
    """Build an options object from JSON values; an unknown key raises UsageError."""
    known = {entry.name for entry in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise UsageError(f"{kind.__name__} has no field {', '.join(unknown)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"{kind.__name__} is ill-typed: {error}") from error
