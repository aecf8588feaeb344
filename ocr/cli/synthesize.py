"""``ocr synthesize``: texts and fonts -> line images with their transcriptions."""

from __future__ import annotations

from pathlib import Path

import click

from ocr.cli.command import make_command
from ocr.cli.options import options_from
from ocr.options import RenderingOptions, SynthesisOptions

EXAMPLES = """\
ocr synthesize novel.txt -o lines/ --fonts fonts/                    1,000 pairs x.png + x.gt.txt
ocr synthesize a.txt b.txt.gz -o lines/ --fonts fonts/ --lines 20000
ocr synthesize novel.txt -o hand/ --fonts fonts/hand --handwriting 1
ocr synthesize novel.txt -o lines/ --fonts fonts/ --lines 2000       again, with more: the rest"""


@make_command("synthesize", EXAMPLES)
@click.argument(
    "texts", metavar="TEXT...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the pairs; what is in it from the same command is kept.",
)
@click.option(
    "--fonts",
    metavar="DIR",
    type=click.Path(path_type=Path),
    required=True,
    multiple=True,
    help="Folder of .ttf and .otf files, with all below it; can be repeated. Fonts in a folder "
    "named hand are handwriting.",
)
@options_from(RenderingOptions, "rendering", "Lines")
@options_from(SynthesisOptions, "options", "Look")
def command(
    texts: tuple[Path, ...],
    output: Path,
    fonts: tuple[Path, ...],
    rendering: RenderingOptions,
    options: SynthesisOptions,
) -> None:
    """Render lines of TEXT in the fonts, like scans of print and of handwriting, to train on.

    TEXT is a text file in UTF-8, .txt or .txt.gz, a paragraph per line. Dates, amounts, names,
    addresses and the like are mixed in. A character that a font lacks is never rendered. The
    same command continues after a stop; other fonts, texts or options need another DIR.
    """
    from ocr.cli.display import counted, progress_bar
    from ocr.cores import usable_cores
    from ocr.training.synthesis.material import Material
    from ocr.training.synthesis.pairs import write_pairs

    material = Material(fonts, texts, options, rendering.seed)
    processes = rendering.processes or usable_cores()
    made, furthest = 0, 0
    with progress_bar("rendering") as move:
        for number in write_pairs(material, output, rendering.lines, processes):
            made, furthest = made + 1, max(furthest, number + 1)
            move(furthest, rendering.lines)
    kept = rendering.lines - made
    click.echo(f"{counted(made, 'line')} rendered, {kept:,} were there; see {output}")
