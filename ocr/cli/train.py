"""``ocr train``: transcribed lines -> model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.command import make_command, model_file, model_names
from ocr.cli.failures import say
from ocr.cli.options import given, options_from, switch_of
from ocr.errors import Interrupted, UsageError
from ocr.options import (
    FEW,
    AdaptationOptions,
    NetworkOptions,
    PreprocessingOptions,
    SynthesisOptions,
    TrainingOptions,
)

if TYPE_CHECKING:
    from ocr.training.loop import Progress
    from ocr.training.run import Run

EXAMPLES = """\
ocr train lines/ -o mine.safetensors                       pairs x.png + x.gt.txt, 40 epochs
ocr train train.tsv -o mine.safetensors --minutes 30       a list image<TAB>text, half an hour
ocr train a/ 'b/*.tsv' --validation val.tsv -o mine        several sources, own validation lines
ocr train 'pages/*.xml' -o mine                            pages in PAGE XML or ALTO
ocr train lines/ --from default -o mine                    go on from a model, learn a new hand
ocr train lines/ -o mine --synthetic fonts/ --texts novel.txt.gz   half of the lines rendered
ocr train -o mine --resume                                 continue after a stop"""


GROUPS = ("preprocessing", "network", "training", "synthesis")  # of options


@dataclass(frozen=True)
class Places:
    """What is trained on, from which model, into which file."""

    data: tuple[str, ...]
    validation: tuple[str, ...]
    start: str | None
    output: Path
    synthetic: tuple[Path, ...]
    texts: tuple[Path, ...]


@make_command("train", EXAMPLES)
@click.argument("data", metavar="DATA...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    type=click.Path(path_type=Path),
    required=True,
    help="Model file to make (.safetensors); the run's state goes to MODEL.training beside it.",
)
@click.option(
    "--validation",
    metavar="DATA",
    multiple=True,
    help="Lines to choose the best model by, never trained on; can be repeated.  "
    "[default: a share of DATA]",
)
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    shell_complete=model_names,
    help="Begin with this model's weights; new characters are added to its alphabet, and with a "
    "larger --hidden, --convolutions or --residuals it is widened. Fewer than "
    f"{FEW} lines are learnt from as ocr adapt does, but for the switches given.",
)
@click.option(
    "--synthetic",
    metavar="FONTS",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Render further lines in the fonts of this folder, new ones in every step; can be "
    "repeated. Characters of theirs are added to the alphabet. See: ocr synthesize.",
)
@click.option(
    "--texts",
    metavar="TEXT",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Text file for the rendered lines, beside the transcriptions; can be repeated.",
)
@click.option("--resume", is_flag=True, help="Continue the run of -o MODEL as it was.")
@click.option("--overwrite", is_flag=True, help="Begin anew where -o MODEL has a run or model.")
@options_from(TrainingOptions, "training", "Training")
@options_from(PreprocessingOptions, "preprocessing", "Images")
@options_from(NetworkOptions, "network", "Network")
@options_from(SynthesisOptions, "synthesis", "Rendered lines")
def command(resume: bool, overwrite: bool, **parts: Any) -> None:
    """Learn to read from the transcribed lines of DATA and write a model.

    DATA is a folder of pairs x.png + x.gt.txt, a list of image<TAB>text lines (.tsv, .txt), an
    image with its text beside it, a page in PAGE XML or ALTO with its image beside it, or a
    pattern of these. See first what is in it: ocr check.

    Ctrl-C ends the training after the step it is in; --resume continues it.
    """
    options = {name: parts.pop(name) for name in GROUPS}
    places = Places(**{**parts, "output": model_file(parts["output"])})
    if places.texts and not places.synthetic:
        raise UsageError("--texts needs fonts to be written with", "name them with --synthetic")
    if places.validation and "validation" in given(TrainingOptions):
        share = switch_of(TrainingOptions, "validation")
        raise UsageError(f"{share} is a share of DATA", "leave it or --validation out")
    if not (places.synthetic or resume):
        _refuse_rendering()
    if resume and overwrite:
        raise UsageError("--resume and --overwrite contradict each other", "give one of them")
    with ExitStack() as hold:
        run = _resumed(places, hold) if resume else _prepared(places, options, overwrite, hold)
        click.echo(f"continuing {run.folder}" if resume else _outlook(run))
        click.echo(_farewell(run, train(run)))


def _refuse_rendering() -> None:
    """Raise UsageError for a switch that says how lines are rendered, where none are."""
    switches = [switch_of(SynthesisOptions, field) for field in given(SynthesisOptions)]
    if "synthetic_share" in given(TrainingOptions):
        switches.append(switch_of(TrainingOptions, "synthetic_share"))
    if switches:
        raise UsageError(
            f"{switches[0]} tells of rendered lines", "name the fonts for them with --synthetic"
        )


def _resumed(places: Places, hold: ExitStack) -> Run:
    from ocr.training.claim import held
    from ocr.training.run import load_run, run_folder

    load_run(run_folder(places.output))  # refuses what is no run
    hold.enter_context(held(places.output))
    run = load_run(run_folder(places.output))  # as it is now that nobody else changes it
    _must_match(TrainingOptions, run.options, "the run to resume", but=("processes",))
    advice = "begin another, without --resume and --from"
    _must_match(PreprocessingOptions, run.spec.preprocessing, "the run to resume", advice=advice)
    _must_match(NetworkOptions, run.spec.network, "the run to resume")
    if run.material:
        _must_match(SynthesisOptions, run.material.options, "the run to resume")
    elif switches := [switch_of(SynthesisOptions, field) for field in given(SynthesisOptions)]:
        raise UsageError("the run to resume renders no lines", f"leave {switches[0]} out")
    if places.data or places.validation or places.start or places.synthetic:
        say("the run goes on with its own data and model; what is named here is not read", "yellow")
    processes = given(TrainingOptions).get("processes", run.options.processes)
    options = dataclasses.replace(run.options, processes=processes)
    return dataclasses.replace(run, output=places.output, options=options)


def _prepared(places: Places, options: dict[str, Any], overwrite: bool, hold: ExitStack) -> Run:
    if not places.data:
        raise UsageError("no training data given", "name a folder, a list or images")
    from ocr.cli.display import progress_bar
    from ocr.network.modelheader import read_spec
    from ocr.network.shipped import resolve_model
    from ocr.training.claim import check_free, claimed
    from ocr.training.prepare import Recipe, prepare
    from ocr.training.session import write_problems
    from ocr.training.synthesis.material import Material

    start = resolve_model(places.start) if places.start else None
    if start is not None:
        spec = read_spec(start)
        advice = "begin from nothing, without --from"
        _must_match(PreprocessingOptions, spec.preprocessing, "the model of --from", advice=advice)
        options["network"] = dataclasses.replace(spec.network, **given(NetworkOptions))
    check_free(places.output, overwrite)
    few = _options_for_few() if start and options["training"].retain == 1 else None
    look, seed = options.pop("synthesis"), options["training"].seed
    material = Material(places.synthetic, places.texts, look, seed) if places.synthetic else None
    recipe = Recipe(**options, start=start, material=material, few=few)
    with progress_bar("reading lines") as move:
        claim = partial(hold.enter_context, claimed(places.output, overwrite))
        run, report = prepare(
            places.data, places.output, recipe, places.validation, move, on_data=claim
        )
    from ocr.cli.datareport import report_text

    listed = write_problems(run, report.problems)
    click.echo(report_text(report, f"all are in {listed}"))
    now = run.options
    if few and dataclasses.replace(now, blend=few.blend, remember=few.remember) == few:
        click.echo("few lines: a hand is learnt, as by ocr adapt")
    return run


def _options_for_few() -> TrainingOptions:
    """Those of ocr adapt but for what the user set."""
    usual, chosen = AdaptationOptions().training, given(TrainingOptions)
    limits = {"epochs": None, "minutes": None}  # the user's own one is enough
    limits = limits if limits.keys() & chosen.keys() else {}
    return dataclasses.replace(usual, **{**limits, **chosen})


def _must_match(
    kind: type[Any],
    fixed: Any,
    owner: str,
    but: Sequence[str] = (),
    advice: str = "begin another with --from",
) -> None:
    """Raise UsageError for a switch on the command line that differs from what is fixed.
    ``advice``: what to do instead of leaving it out."""
    for field, value in given(kind).items():
        settled = getattr(fixed, field)
        if value != settled and field not in but:
            raise UsageError(
                f"{owner} has {field.replace('_', ' ')} {settled}, which cannot become {value}",
                f"leave {switch_of(kind, field, value)} out, or {advice}",
            )


def train(run: Run) -> Progress | None:
    """Train before the user's eyes; the last step, None if the run was over. Raises Interrupted
    after a signal, when all is kept."""
    from ocr.cli.interrupts import StopRequest
    from ocr.cli.trainingdisplay import TrainingDisplay
    from ocr.decoding.companion import lost_companion
    from ocr.training.beginning import begun_with
    from ocr.training.session import train_run

    if language := lost_companion(run.spec.training):
        say(
            f"too many characters are new to the language model {language}: the model will be read "
            f"without it, but with --lm {language}, or with one of your own (see: ocr lm)",
            "yellow",
        )
    begun = None if run.teaches_itself else begun_with(run)
    if begun and begun.former is not None:
        kept = "it keeps those, and what it learnt since may be forgotten"
        fate = kept if run.options.remember else "they are left out of what it learns"
        say(f"the model begun with remembers former weights: {fate}", "yellow")
    last: Progress | None = None
    with StopRequest() as request:
        with TrainingDisplay() as display, closing(train_run(run, lambda: bool(request))) as steps:
            for last in steps:
                display.show(last)
        if request and (last is None or last.stopping):  # else it was over anyway
            raise Interrupted(
                f"stopped after step {last.step if last else 0}, all is kept in {run.folder}; "
                f"continue with: ocr train -o {quote(str(run.output))} --resume",
                request.number,
            )
    return last


def _outlook(run: Run) -> str:
    """What is about to happen, and how long it should take."""
    from ocr.cli.display import counted, duration
    from ocr.training.schedule import most_epochs
    from ocr.training.session import lines_per_second, process_count

    options = run.options
    speed = lines_per_second(run) * process_count(options)
    real = options.batch_size - run.rendered  # lines per step
    epoch = len(run.train) * options.batch_size / real / speed  # s
    epochs = most_epochs(options)
    seconds = min(
        60 * options.minutes if options.minutes else float("inf"),
        epochs * epoch if epochs else float("inf"),
    )
    processes = counted(process_count(options), "process", "processes")
    rendered = f" and {run.rendered} rendered in every {options.batch_size}" if run.rendered else ""
    return (
        f"training on {counted(len(run.train), 'line')}{rendered}, validating on "
        f"{len(run.validation):,}, {processes}\n"
        f"expected: {duration(seconds)} for {seconds / epoch:.1f} epochs at {speed:.0f} lines/s"
        f"{', less if it stops improving' if options.patience else ''}"
    )


def _farewell(run: Run, last: Progress | None) -> str:
    from ocr.cli.trainingdisplay import percent
    from ocr.network.modelheader import read_spec
    from ocr.training.run import CURVE, LOG

    if last is None:
        return (
            f"this training was over already; its model is {run.output}\n"
            f"next:  ocr train DATA --from {quote(str(run.output))} -o NEW"
        )
    early = f"no better in {run.options.patience} validations, so this is the end\n"
    cer = read_spec(run.output).training.get("validation_cer", last.best_cer)
    best = f"best CER {percent(cer)}\n" if run.validation else ""
    if run.validation and cer >= 1:
        best += "it has not begun to read: train longer, or, with few lines, --from default\n"
    return (
        f"{early if last.fraction < 1 else ''}{best}model  {run.output}\n"
        f"log    {run.folder / LOG}\n"
        f"curve  {run.folder / CURVE}\n"
        f"next:  ocr evaluate {quote(str(run.output))} DATA"
    )
