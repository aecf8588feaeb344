"""``ocr info``: a model's or language model's card and size."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import click

from ocr.cli.command import format_option, make_command, model_names

EXAMPLES = """\
ocr info default                          the model that came with the program
ocr info mine.safetensors --format json   every field
ocr info latin                            a language model"""


@make_command("info", EXAMPLES)
@click.argument("model", default="default", shell_complete=model_names)
@format_option("text", "json")
def command(model: str, kind: str) -> None:
    """Show what MODEL can write, how it was made and how large it is.

    MODEL is a model file, a language model's or the name of a shipped one (default: default). The
    whole file is read, so a damaged one is found.
    """
    language = _is_language_model(model)
    facts = _language_facts(model) if language else _facts(model)
    if kind == "json":
        click.echo(json.dumps(_finite(facts), ensure_ascii=False))
    else:
        click.echo("\n".join(_language_text(facts) if language else _text(facts)))


def _is_language_model(model: str) -> bool:
    """Whether the name is that of a language model, which is looked for where there is no model of
    that name."""
    from ocr.decoding.languagefile import MAGIC, resolve_language_model
    from ocr.errors import ModelError
    from ocr.network.shipped import resolve_model

    try:
        path = resolve_model(model)
    except ModelError:
        try:
            path = resolve_language_model(model)
        except ModelError:
            return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # it is told when it is read as a model


def _facts(model: str) -> dict[str, Any]:
    from ocr.network.modelfile import load_model_file
    from ocr.network.modelheader import model_id
    from ocr.network.shipped import resolve_model

    path = resolve_model(model)
    network, spec = load_model_file(path)
    return {
        "path": str(path),
        "id": model_id(path),
        "format": spec.version,
        "temperature": spec.temperature,
        "bytes": path.stat().st_size,
        "weights": sum(weight.numel() for weight in network.parameters()),
        "remembers": network.former is not None,
        "alphabet": spec.alphabet,
        "preprocessing": dataclasses.asdict(spec.preprocessing),
        "network": dataclasses.asdict(spec.network),
        "training": spec.training,
    }


def _language_facts(model: str) -> dict[str, Any]:
    from ocr.decoding.language import CLASSES
    from ocr.decoding.languagefile import read_language_model, resolve_language_model
    from ocr.network.modelheader import model_id

    path = resolve_language_model(model)
    language = read_language_model(path)
    return {
        "path": str(path),
        "id": model_id(path),
        "bytes": path.stat().st_size,
        "sequences": len(language.automaton.symbols),
        "alphabet": language.characters.translate({ord(one[0]): one for one in CLASSES}),
        "options": dataclasses.asdict(language.options),
    }


def _language_text(facts: dict[str, Any]) -> Iterator[str]:
    yield facts["path"]
    size = f"{facts['bytes'] / 1e6:.1f} MB"
    yield f"id {facts['id']}, language model of {facts['sequences']:,} sequences, {size}"
    yield from _alphabet("knows", facts["alphabet"])
    yield "\noptions"
    yield from _entries(facts["options"], "  ")


def _alphabet(does: str, alphabet: str) -> Iterator[str]:
    from ocr.cli.characters import grouped

    yield f"\n{does} {len(alphabet)} characters"
    for name, characters in grouped(alphabet).items():
        yield f"  {name:<14} {characters}"


def _text(facts: dict[str, Any]) -> Iterator[str]:
    yield facts["path"]
    yield f"id {facts['id']}, {facts['weights']:,} weights, {facts['bytes'] / 1e6:.1f} MB"
    if facts["remembers"]:
        yield "half of the weights are former ones, which read the lines that they are surer of"
    yield f"temperature {facts['temperature']:.3g}"
    yield from _alphabet("writes", facts["alphabet"])
    training = dict(facts["training"])
    runs = list(_earlier(training.pop("earlier", None)))
    shown = {**facts, "training": training}
    for title in ("preprocessing", "network", "training"):
        yield f"\n{title}"
        yield from _entries(shown[title], "  ")
    if runs:
        minutes = sum(run.get("minutes", 0.0) for run in runs)
        yield f"  earlier        {len(runs)} runs, {minutes:,.0f} minutes; see: --format json"


def _earlier(run: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The runs before, the last one first."""
    while run:
        yield run
        run = run.get("earlier")


def _entries(values: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        name = key if "/" in key else key.replace("_", " ")  # a collection keeps its name
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from _entries(value, indent + "  ")
        else:
            yield f"{indent}{name:<14} {_shown(key, value)}"


def _shown(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{100 * value:.2f} %" if key.endswith("cer") else f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _finite(value: Any) -> Any:
    """The same values with null for what JSON cannot hold: a CER that was never measured."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    unknown = isinstance(value, float) and not abs(value) < float("inf")
    return None if unknown else value
