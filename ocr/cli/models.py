"""``ocr models``: what came with the program."""

from __future__ import annotations

from typing import Any

import click

from ocr.cli.command import command as make_command

EXAMPLES = """\
ocr models
ocr info default                    all about one of them
ocr recognize line.png -m default   read with it"""


@make_command("models", EXAMPLES)
def command() -> None:
    """List the models that came with the program: name, size, id and training."""
    from ocr.network.modelfile import model_id, read_spec, shipped_models

    for name, path in shipped_models().items():
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        record = _record(read_spec(path).training)
        click.echo(f"{name:<12} {size:>8}  {model_id(path)}  {record}")
    if not shipped_models():
        click.echo("no model came with this installation; train one: ocr train --help")


def _record(training: dict[str, Any]) -> str:
    parts = []
    if "lines" in training:
        parts.append(f"trained on {training['lines']:,} lines")
    if "validation_cer" in training:
        parts.append(f"validation CER {100 * training['validation_cer']:.2f} %")
    return ", ".join(parts)
