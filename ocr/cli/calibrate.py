"""``ocr calibrate``: confidences that come true."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from ocr.cli.command import make_command, model_file, model_names
from ocr.cli.tuningdata import lines_option, read_known_lines
from ocr.errors import ModelError, UsageError
from ocr.options import DecodingOptions

EXAMPLES = """\
ocr calibrate mine.safetensors val.tsv                     on lines it was not trained on
ocr calibrate default letters/ -o letters.safetensors      a shipped model for your letters"""


@make_command("calibrate", EXAMPLES)
@click.argument("model", shell_complete=model_names)
@click.argument("data", metavar="DATA...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Model file to make (.safetensors).  [default: MODEL itself]",
)
@lines_option
def command(model: str, data: tuple[str, ...], output: Path | None, lines: int) -> None:
    """Make the confidences of MODEL come true, by the transcribed lines of DATA.

    Of all characters that get the confidence 0.8, 80 % should be right. One number, the
    temperature, is chosen so that this holds on DATA, and stored in the model; what it reads
    without a language model stays the same. ocr train does this by itself on its validation
    lines. Few lines move it little from 1.

    Confidences with a language model follow that one's own temperature:
    ocr lm --lm latin --tune DATA -m MODEL -o mine.lm

    Exit code: 0 all lines read, 3 some could not be used, 4 none could.
    """
    from ocr.calibration import calibrate_model
    from ocr.files.shipped import is_shipped
    from ocr.network.modelfile import save_described
    from ocr.network.modelheader import model_id
    from ocr.network.shipped import resolve_model, shipped_models
    from ocr.recognition import load_model
    from ocr.training.data.dataset import read_samples

    path, output = resolve_model(model), output and model_file(output)
    if is_shipped(output or path, shipped_models()):
        raise UsageError(
            f"{output or model} is a shipped model", "name the calibrated copy with -o"
        )
    if output is not None and output.exists() and not output.samefile(path):
        raise UsageError(f"{output} is another model", "choose another -o, or move it away")
    recognizer = load_model(path, DecodingOptions(decoder="greedy"))  # no language model
    with read_known_lines(recognizer, read_samples(data), lines) as known:
        earlier = recognizer.spec.temperature
        found = calibrate_model(known, recognizer.alphabet, earlier)
        temperature = earlier * found.temperature
        if model_id(path) != recognizer.model_id:
            raise ModelError(f"{path} has become another model meanwhile", "give the command again")
        spec = dataclasses.replace(recognizer.spec, temperature=temperature)
        save_described(output or path.resolve(), path, spec)  # a link stays one
        click.echo(
            f"temperature {temperature:.3f} from {found.characters:,} characters\n"
            f"expected calibration error without a language model {100 * found.before:.2f} points "
            f"before, {100 * found.after:.2f} after\n"
            f"model {output or path}"
        )
