"""Options dataclasses -> switches of a command, and back."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection
from typing import Any, TypeVar, get_args, get_type_hints

import click
from click.core import ParameterSource

from ocr.cli.command import HeadedOption
from ocr.errors import UsageError
from ocr.fields import FieldError

Function = Callable[..., Any]
T = TypeVar("T")


def options_from(
    kind: type[Any], parameter: str, heading: str, but: Collection[str] = ()
) -> Callable[[Function], Function]:
    """Decorator: one switch per field of the dataclass ``kind``; the function gets the instance
    they make as ``parameter``.

    heading  under which the switches are listed
    but      fields that keep their defaults, as they would do nothing in this command
    """
    offered = [field for field in dataclasses.fields(kind) if field.name not in but]
    switches = {field.name: _switch(field) for field in offered}

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def wrapper(*arguments: Any, **values: Any) -> Any:
            fields = {name: values.pop(name_of(kind, name)) for name in switches}
            try:
                options = kind(**fields)
            except FieldError as error:  # here it is called by its switch
                reason = f"{switches[error.field]} {error.complaint}"
                raise UsageError(reason, error.hint) from error
            return function(*arguments, **values, **{parameter: options})

        types = get_type_hints(kind)
        result: Function = wrapper
        for field in reversed(offered):
            switch = switches[field.name]
            result = _option(kind, field, types[field.name], switch, heading)(result)
        return result

    return decorate


def name_of(kind: type[Any], field: str) -> str:
    """The parameter that carries a field: unique, as two kinds may share a field's name."""
    return f"{kind.__name__.lower()}_{field}"


def given(kind: type[Any]) -> dict[str, Any]:
    """The fields of ``kind`` that the user set in the running command, with their values."""
    context = click.get_current_context()
    names = {field.name: name_of(kind, field.name) for field in dataclasses.fields(kind)}
    return {
        field: context.params[name]
        for field, name in names.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def switch_of(kind: type[Any], field: str, value: object = True) -> str:
    """The switch that gives a field that value in the running command, for messages:
    ``--batch-size``, ``--no-deskew``."""
    context = click.get_current_context()
    parameter = next(p for p in context.command.params if p.name == name_of(kind, field))
    return (parameter.secondary_opts if value is False else parameter.opts)[0]


def _switch(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata["flag"]) or "--" + field.name.replace("_", "-")


def _option(
    kind: type[Any], field: dataclasses.Field[Any], type_hint: Any, switch: str, heading: str
) -> Callable[[Function], Function]:
    value_type = next((part for part in get_args(type_hint) if part is not type(None)), type_hint)
    choices = field.metadata["choices"]
    declaration = f"{switch}/--no-{switch[2:]}" if value_type is bool else switch
    settings: dict[str, Any] = (
        {} if value_type is bool else {"metavar": _metavar(field, value_type)}
    )
    return click.option(
        declaration,
        name_of(kind, field.name),
        cls=HeadedOption,
        heading=heading,
        type=click.Choice(choices) if choices else value_type,
        default=field.default,
        help=_help(field, switch),
        **settings,
    )


def _metavar(field: dataclasses.Field[Any], value_type: type) -> str:
    if field.metadata["choices"]:
        return "|".join(field.metadata["choices"])
    unit = str(field.metadata["unit"]).upper()
    return unit or {int: "N", float: "X"}.get(value_type, "TEXT")


def _help(field: dataclasses.Field[Any], switch: str) -> str:
    """The field's help as a sentence, with the default and its unit."""
    text, unit = str(field.metadata["help"]), str(field.metadata["unit"])
    sentence = text[0].upper() + text[1:]
    if field.default is None:
        return sentence
    value = field.default
    if isinstance(value, bool):
        shown = switch[2:] if value else f"no-{switch[2:]}"
    else:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{sentence}  [default: {shown}{' ' + unit if unit else ''}]"
