"""``ocr lm``: text -> language model, and how much to heed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ocr.cli.command import make_command, model_option
from ocr.cli.failures import say
from ocr.cli.inputs import files_of, keep, require_room
from ocr.cli.options import given, options_from, switch_of
from ocr.cli.tuningdata import lines_option, read_known_lines, usable_samples
from ocr.errors import UsageError
from ocr.options import DecodingOptions, LanguageOptions

if TYPE_CHECKING:
    from ocr.decoding.language import LanguageModel
    from ocr.training.data.dataset import Dataset

EXAMPLES = """\
ocr lm train.tsv novels.txt.gz -o french.lm          learn from transcriptions and novels
ocr lm --lm french.lm --tune val.tsv -m default      tune it for a model, on validation lines
ocr lm letters/ -o letters.lm --tune held-back/      both at once
ocr recognize line.png --lm french.lm                use it"""


@make_command("lm", EXAMPLES)
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the language model.  [default with --lm: the same file]",
)
@click.option(
    "--lm",
    "existing",
    metavar="FILE",
    help="Tune this language model, a file or a shipped name, instead of making one.",
)
@click.option(
    "--tune",
    "data",
    metavar="DATA",
    multiple=True,
    help="Transcribed lines, none trained on, to tune weight and bonus by; can be repeated.",
)
@model_option
@lines_option
@click.option("--overwrite", is_flag=True, help="Replace FILE where it exists.")
@options_from(LanguageOptions, "options", "Language model")
def command(
    texts: tuple[str, ...],
    output: Path | None,
    existing: str | None,
    data: tuple[str, ...],
    model: str,
    lines: int,
    overwrite: bool,
    options: LanguageOptions,
) -> None:
    """Learn from TEXT which characters follow each other, to read lines with it later.

    TEXT is a text file (.txt, .gz), a list image<TAB>text (.tsv) or a folder with .gt.txt files;
    take text of the same language, time and kind as what will be read, never the lines that you
    test on. What is named twice counts twice: your own transcriptions deserve it beside a larger
    text. How much the language counts beside the image depends on the model and the hands:
    --tune finds it.

    Exit code: 0 done, 3 tuned but some lines could not be used, 4 no usable text or line.
    """
    place = _place(texts, output, existing, data)
    language = None if existing is None else _read(existing)
    dataset = _keep_inputs(place, texts, data, model)
    if not (overwrite or (existing is not None and output is None)):
        require_room(place)
    if language is None:
        language = _made(texts, options)
        _write(place, language)
    if dataset:
        _tune(place, language, model, dataset, lines)


def _place(
    texts: tuple[str, ...], output: Path | None, existing: str | None, data: tuple[str, ...]
) -> Path:
    """Where the language model is written to. Raises UsageError if there is nothing to do."""
    if bool(texts) == (existing is not None):
        what = "TEXT and --lm contradict each other" if texts else "no text given"
        raise UsageError(what, "give either TEXT to learn from or --lm to tune")
    if existing is not None and given(LanguageOptions):
        names = ", ".join(switch_of(LanguageOptions, field) for field in given(LanguageOptions))
        raise UsageError(f"{names} can only be set for a new language model", "leave --lm out")
    if existing is not None and not data:
        raise UsageError("there is nothing to do with --lm alone", "name lines with --tune")
    found = {"weight", "bonus", "temperature"} & given(LanguageOptions).keys()
    if data and found:
        switch = switch_of(LanguageOptions, min(found))
        raise UsageError(f"--tune finds {switch}", "leave one of them out")
    context = click.get_current_context()
    for name in ("model", "lines"):
        if not data and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"--{name} is for --tune", "name lines with --tune")
    if output is not None:
        return output
    if existing is None:
        raise UsageError("there is no place to write to", "name the language model with -o")
    return _own(existing)


def _keep_inputs(
    place: Path, texts: tuple[str, ...], data: tuple[str, ...], model: str
) -> Dataset | None:
    """The lines of ``data``, if any. Raises UsageError if the language model would take the place
    of what it is made from."""
    from ocr.files.texts import text_files
    from ocr.network.shipped import resolve_model
    from ocr.training.data.dataset import read_samples

    dataset = read_samples(data) if data else None
    samples = usable_samples(dataset) if dataset else ()
    read = [resolve_model(model)] if data else []
    learnt, held_back = list(text_files(texts)), list(files_of(data, samples))
    if {path.resolve() for path in learnt} & {path.resolve() for path in held_back}:
        say("--tune names lines that are learnt from too: on those it is heeded too much", "yellow")
    inputs = [*learnt, *held_back, *read]
    keep(inputs, place, "name another file with -o")
    return dataset


def _own(existing: str) -> Path:
    """The file of a language model that is the user's to change. Raises UsageError."""
    from ocr.decoding.languagefile import resolve_language_model, shipped_language_models
    from ocr.files.shipped import is_shipped

    path = resolve_language_model(existing)
    if is_shipped(path, shipped_language_models()):
        raise UsageError(f"{existing} is a shipped language model", "name the tuned copy with -o")
    return path.resolve()  # a link stays one


def _made(texts: tuple[str, ...], options: LanguageOptions) -> LanguageModel:
    from ocr.cli.display import working
    from ocr.decoding.language import train_language_model
    from ocr.files.texts import read_lines

    with working("learning which characters follow each other"):
        return train_language_model(read_lines(texts), options)


def _read(existing: str) -> LanguageModel:
    from ocr.decoding.languagefile import read_language_model, resolve_language_model

    return read_language_model(resolve_language_model(existing))


def _write(path: Path, language: LanguageModel) -> None:
    from ocr.decoding.languagefile import write_language_model

    write_language_model(path, language)
    click.echo(
        f"{path}: {len(language.characters)} characters, sequences of {language.options.order}, "
        f"{path.stat().st_size / 1e6:.2g} MB"
    )


def _tune(place: Path, language: LanguageModel, model: str, dataset: Dataset, lines: int) -> None:
    """Find weight, bonus and temperature on the lines of the data, and store them."""
    from ocr.cli.display import counted, progress_bar
    from ocr.decoding.companion import with_companion
    from ocr.decoding.languagefile import write_language_model
    from ocr.recognition import load_model
    from ocr.tuning import error_rate, tune_language_model

    recognizer = load_model(model, DecodingOptions(decoder="greedy"))  # no language model
    with read_known_lines(recognizer, dataset, lines) as known:
        with progress_bar("tuning") as move:
            found = tune_language_model(language, known, recognizer.alphabet, move)
        write_language_model(place, replace(language, options=found.options))
        click.echo(
            f"{place}: tuned on {counted(len(known), 'line')} for model {recognizer.model_id}: "
            f"weight {found.options.weight:g}, bonus {found.options.bonus:g}, "
            f"temperature {found.options.temperature:.2f}"
        )
        others = {"without a language model": found.greedy_cer}
        usual = with_companion(DecodingOptions(), recognizer.spec.training)
        if usual.language:
            cer = error_rate(known, recognizer.alphabet, usual)
            others[f"with {usual.language}, as the model is usually read"] = cer
        told = "".join(f"{100 * cer:.2f} % {how}, " for how, cer in others.items())
        click.echo(f"CER {told}{100 * found.cer:.2f} % with this one")
        best = min(others, key=others.__getitem__)
        if found.cer < others[best]:
            click.echo(f"next:  ocr recognize IMAGE -m {quote(model)} --lm {quote(str(place))}")
        else:
            say(f"these lines are read as well or better {best}", "yellow")
