"""``ocr models``: what came with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ocr.cli.command import make_command

EXAMPLES = """\
ocr models
ocr info default                    all about one of them
ocr recognize line.png -m default   read with it
ocr recognize line.png --lm none    without the language model it names"""


@make_command("models", EXAMPLES)
def command() -> None:
    """List the models and language models that came with the program: name, size, id, training."""
    from ocr.decoding.languagefile import read_language_model, shipped_language_models
    from ocr.network.modelheader import model_id, read_spec
    from ocr.network.shipped import aliases, shipped_models

    for name, path in shipped_models().items():
        _show(name, path, model_id(path), _record(read_spec(path).training))
    for alias, name in aliases().items():
        click.echo(f"{alias:<12} another name of {name}")
    for name, path in shipped_language_models().items():
        language = read_language_model(path)
        about = f"language model, sequences of {language.options.order} characters"
        _show(name, path, model_id(path), about)
    if not shipped_models():
        click.echo("no model came with this installation; train one: ocr train --help")


def _show(name: str, path: Path, identity: str, about: str) -> None:
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    click.echo(f"{name:<12} {size:>8}  {identity}  {about}")


def _record(training: dict[str, Any]) -> str:
    parts = []
    if "lines" in training:
        parts.append(f"trained on {training['lines']:,} lines")
    if "validation_cer" in training:
        parts.append(f"validation CER {100 * training['validation_cer']:.2f} %")
    return ", ".join(parts)
