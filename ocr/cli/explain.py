"""``ocr explain``: one line as the network sees it."""

from __future__ import annotations

from pathlib import Path

import click

from ocr.cli.command import make_command, model_option
from ocr.cli.inputs import keep, require_room
from ocr.cli.options import options_from
from ocr.errors import UsageError
from ocr.options import DecodingOptions

KINDS = ("png", "svg", "pdf")

EXAMPLES = """\
ocr explain line.png -o picture.png                       activations, path and boxes
ocr explain line.png -o picture.png --layer 1             gates and cell states as well
ocr explain line.png -o picture.svg --lm french.lm        what a language model made of them"""


@make_command("explain", EXAMPLES)
@click.argument("line", metavar="LINE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The picture to write: .png, .svg or .pdf.",
)
@click.option(
    "--layer",
    metavar="N",
    type=click.IntRange(min=1),
    help="Draw the gates and cell states of this LSTM layer too; 1 is next to the image.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE where it exists.")
@model_option
@options_from(DecodingOptions, "decoding", "Reading", but=("alternatives",))
def command(
    line: Path,
    output: Path,
    layer: int | None,
    overwrite: bool,
    model: str,
    decoding: DecodingOptions,
) -> None:
    """Draw how the network reads the image LINE.

    Under the image with its character boxes stand the probabilities of the characters over the
    columns, the blank in grey, and a table of characters and frames with the path through it
    that was taken. Prints the text that was read.
    """
    from ocr.cli.display import working
    from ocr.explanation import draw, explain
    from ocr.files.atomic import write_atomically
    from ocr.recognition import load_model

    kind = output.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise UsageError(f"{output} is no kind of picture", "end its name in .png, .svg or .pdf")
    keep((line,), output, "name another file with -o")
    if not overwrite:
        require_room(output)
    recognizer = load_model(model, decoding)
    with working("drawing"):
        explanation = explain(recognizer, line, layer)
        write_atomically(output, draw(explanation, kind))
    click.echo(explanation.transcript.text)
