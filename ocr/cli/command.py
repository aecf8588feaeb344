"""How a command of the program looks: examples below its help, options under headings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ocr.errors import UsageError


class VerbatimEpilog(click.Command):
    """Shows the epilog as examples, line by line as they were written."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for line in (self.epilog or "").splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class HeadedOption(click.Option):
    """An option that is listed under a heading of its own."""

    def __init__(self, *arguments: Any, heading: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.heading = heading


class Command(VerbatimEpilog):
    """A command whose options stand under their headings, plain ones first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "heading", "Options"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=34)


def make_command(name: str, examples: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorator: a function as the command ``name``; its docstring is the help."""
    return click.command(name, cls=Command, epilog=examples, no_args_is_help=False)


def model_file(output: Path) -> Path:
    """The model file that ``-o`` means: with the suffix if it was left out. Raises UsageError."""
    from ocr.network.shipped import SUFFIX, aliases, shipped_models

    if output.name in ("", ".."):
        raise UsageError(f"-o {output} names no file", "give the name of a model file with -o")
    if str(output) in {*shipped_models(), *aliases()}:  # that is what -m would read then
        whole = f"{output}{SUFFIX}"
        raise UsageError(
            f"{output} is the name of a shipped model",
            f"choose another -o, or say {whole} here and wherever you use it",
        )
    return output if output.suffix == SUFFIX else output.with_name(output.name + SUFFIX)


def model_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The switch ``-m MODEL`` of the commands that read images."""
    return click.option(
        "-m",
        "--model",
        metavar="MODEL",
        default="default",
        show_default=True,
        shell_complete=model_names,
        help="Model file, or the name of a shipped model (see: ocr models).",
    )(function)


def model_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of shipped models and the model files that a word can become."""
    from ocr.network.shipped import SUFFIX, aliases, shipped_models

    names = [name for name in (*shipped_models(), *aliases()) if name.startswith(incomplete)]
    folder, slash, start = incomplete.rpartition("/")
    files = Path(folder + slash).glob(f"*{SUFFIX}")  # none of a folder that is not there
    found = sorted(path.name for path in files if path.name.startswith(start))
    return names + [folder + slash + name for name in found]


def format_option(*choices: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The switch ``--format`` of what goes to standard output; the first choice is the default."""
    return click.option(
        "--format",
        "kind",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="What to print.",
    )


def formats_option(**default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The switch ``--format`` of the commands that write pages into files, several at once."""
    return click.option(
        "--format",
        "formats",
        metavar="LIST",
        help="What to write, separated by commas: txt, json, pagexml, alto, hocr, pdf, tsv."
        + ("" if default else "  [default: what the name of OUT says]"),
        **default,
    )
