"""Data -> a run that can be trained: read, normalise, report, split, lay out the folder."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ocr.alphabet import Alphabet
from ocr.decoding.companion import KEY
from ocr.errors import InputError, UsageError
from ocr.files.atomic import write_atomically
from ocr.files.names import real_path
from ocr.network.modelheader import model_id, read_spec
from ocr.network.widening import check_sizes
from ocr.options import FEW, NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.balance import Sources, with_as_many
from ocr.training.claim import clear
from ocr.training.data.datareport import DataReport, report
from ocr.training.data.dataset import Dataset, read_samples
from ocr.training.data.split import split_samples
from ocr.training.run import READ_LINES, START, Run, run_folder
from ocr.training.store import build_store
from ocr.training.synthesis.material import Material
from ocr.types import ModelSpec, OnProgress, Problem, Sample

FOREIGN = 0.5  # share of characters new to a model of whose reading there is nothing to keep
STRANGE = 0.01  # share of characters new to a model that its language model can bear


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train: sizes and options. With ``start``, preprocessing is the started model's
    own, and a ``network`` must be a wider one (see widening.py); None is the started model's,
    without one the default. With ``material``, lines rendered from it are trained on as well.
    ``weights``: how much more often the lines of each source of data come; empty: alike. ``few``:
    the options, where there are any, that take the place of ``training`` below ``FEW`` lines.
    ``read``: lines that nobody transcribed, as ``start`` read them, which has learnt from the same
    data; up to half of the lines of a step are of them."""

    preprocessing: PreprocessingOptions = PreprocessingOptions()
    network: NetworkOptions | None = None
    training: TrainingOptions = TrainingOptions()
    start: Path | None = None
    material: Material | None = None
    weights: tuple[float, ...] = ()
    few: TrainingOptions | None = None
    read: tuple[Sample, ...] = ()


def prepare(
    data: Sequence[str | Path],
    output: str | Path,
    recipe: Recipe,
    validation: Sequence[str | Path] = (),
    on_progress: OnProgress | None = None,
    on_data: Callable[[], object] | None = None,
    overwrite: bool = False,
) -> tuple[Run, DataReport]:
    """Read all data and lay out the run's folder beside ``output``.

    validation  data to choose the best model by; else a share of ``data``'s pages is held back
    on_data     called when the data proved to be there, before anything is written: it frees the
                place of the run, in the stead of ``claim.clear``
    overwrite   begin anew where there is a run or a model
    Raises InputError if no usable line is left, UsageError if the options do not fit or there is a
    run or a model.
    """
    data, validation, output = _listed(data), _listed(validation), Path(output)
    started = _started(recipe)
    dataset = _read(data, validation)
    held_back = sum(lines for _, lines in dataset.sources[: len(validation)])
    if recipe.few and len(dataset.samples) - held_back < FEW:
        recipe = replace(recipe, training=recipe.few)
    start = recipe.start.read_bytes() if recipe.start else b""
    material_key, rendered = "", frozenset[str]()
    if recipe.material:  # refused in time, if it is to be
        material_key = recipe.material.key()
        rendered = recipe.material.synthesizer(s.text for s in dataset.samples).characters
    if on_data is None:
        clear(output, overwrite)
    else:
        on_data()
    folder = run_folder(output)
    preprocessing = started.preprocessing if started else recipe.preprocessing
    both = (*dataset.samples, *recipe.read)
    store, problems = build_store(folder, both, preprocessing, on_progress)
    position = {line.id: index for index, line in enumerate(store.lines)}
    usable = [sample for sample in dataset.samples if sample.id in position]
    read = [sample for sample in recipe.read if sample.id in position]
    chosen = dataset.samples[:held_back] if validation else None
    if started and _strange(started, usable) > FOREIGN:
        training = replace(recipe.training, blend=1.0, remember=False)
        recipe = replace(recipe, training=training)
    train, validating = _divide(usable, chosen, recipe.training)
    problems = [*dataset.problems, *problems]
    if not train:
        raise _nothing_left(problems)
    if start:  # a copy: the file may change or go before a stopped run goes on
        write_atomically(folder / START, start)
    source_of, first = _sources(dataset), len(validation)
    drawn_from = Sources(tuple(source_of[s.id] - first for s in train), recipe.weights)
    run = Run(
        folder=folder,
        output=output,
        spec=_spec(recipe, started, (len(train), len(validating)), usable, rendered),
        options=recipe.training,
        train=tuple(position[sample.id] for sample in (*train, *read)),
        validation=tuple(position[sample.id] for sample in validating),
        start=folder / START if start else None,
        material=recipe.material,
        material_key=material_key,
        sources=with_as_many(drawn_from, len(read), recipe.training.balance),
    )
    # Kept as it is, should another become the usual one before a stopped run goes on.
    run = replace(run, options=replace(run.options, learning_rate=run.learning_rate))
    left = dataset.keeping(usable, problems)
    sources = left.sources[len(validation) :] + left.sources[: len(validation)]
    return run, report(replace(left, sources=sources))


def _started(recipe: Recipe) -> ModelSpec | None:
    """The model that is begun with, if there is one. Raises UsageError where it does not fit."""
    started = read_spec(recipe.start) if recipe.start else None
    training = recipe.training
    if not started and (min(training.retain, training.blend) < 1 or training.remember):
        raise UsageError(
            "remember, and retain and blend below 1, need a model to begin with",
            "name it with --from",
        )
    if started and recipe.network:
        check_sizes(started.network, recipe.network)
    return started


def _read(data: Sequence[str | Path], validation: Sequence[str | Path]) -> Dataset:
    """The lines of both, read in one go, so that ids are unique and an image that both name is a
    validation line. Raises UsageError or InputError if there are none."""
    if not data:
        raise UsageError("no training data given", "name a folder, a list or images")
    dataset = read_samples([*validation, *data])
    if not dataset.samples:
        raise InputError(_nothing_usable(dataset.problems), "see: ocr check")
    return dataset


def _listed(sources: Sequence[str | Path]) -> Sequence[str | Path]:
    return [sources] if isinstance(sources, str | Path) else sources


def _sources(dataset: Dataset) -> dict[str, int]:
    """The number of the source of every line, which lie in the order of the sources."""
    counts = [lines for _, lines in dataset.sources]
    numbers = itertools.chain.from_iterable(itertools.repeat(n, c) for n, c in enumerate(counts))
    return {sample.id: number for sample, number in zip(dataset.samples, numbers, strict=True)}


def _divide(
    usable: Sequence[Sample], chosen: Sequence[Sample] | None, options: TrainingOptions
) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Training and validation lines that never overlap, the latter thinned to the number that
    is read each time. ``chosen``: the validation lines the user named; their images are
    kept out of the training lines. Raises InputError if none of them can be used."""
    if chosen is None:
        # What would never be read is better trained on.
        share = min(options.validation, options.validation_lines / max(1, len(usable)))
        train, validating = split_samples(usable, share, options.seed)
    else:
        ids = {sample.id for sample in chosen}
        images = {_image(sample) for sample in chosen}
        validating = tuple(sample for sample in usable if sample.id in ids)
        train = tuple(sample for sample in usable if _image(sample) not in images)
        if not validating:
            raise InputError("none of the validation lines can be used", "see: ocr check")
    if len(validating) > options.validation_lines:
        order = random.Random(options.seed)
        picked = order.sample(range(len(validating)), options.validation_lines)
        validating = tuple(validating[index] for index in sorted(picked))
    return train, validating


def _image(sample: Sample) -> tuple[Path, int]:
    """The page, or the line, that a sample is of: a link may stand for its file."""
    return real_path(sample.image), sample.index


def _spec(
    recipe: Recipe,
    started: ModelSpec | None,
    counts: tuple[int, int],
    usable: Sequence[Sample],
    rendered: frozenset[str],
) -> ModelSpec:
    """What the model will be, able to write every usable line and all characters that are
    rendered; ``counts`` of the lines to train on and to validate with."""
    alphabet = Alphabet(started.alphabet if started else "")
    texts = [*(sample.text for sample in usable), " ".join(rendered)]  # with the space
    card: dict[str, Any] = dict(zip(("lines", "validation_lines"), counts, strict=True))
    if recipe.material:
        card |= {"rendered_share": recipe.training.synthetic_share}
    if recipe.start and started:
        card |= {"from": model_id(recipe.start), "earlier": started.training}
        card |= _companion(started, usable)
    if recipe.read:
        card |= {READ_LINES: len(recipe.read)}
    return ModelSpec(
        alphabet=alphabet.extended(texts).characters,
        preprocessing=started.preprocessing if started else recipe.preprocessing,
        network=recipe.network or (started.network if started else NetworkOptions()),
        training=card,
        temperature=started.temperature if started else 1.0,  # until the end tells a better one
    )


def _companion(started: ModelSpec, usable: Sequence[Sample]) -> dict[str, Any]:
    """The language model that the started model is read with stays, unless too much is
    written now with characters that the model never knew."""
    if KEY not in started.training or _strange(started, usable) > STRANGE:
        return {}
    return {KEY: started.training[KEY]}


def _strange(started: ModelSpec, usable: Sequence[Sample]) -> float:
    """Share of the characters, 0..1, that the started model does not know."""
    counts = Counter(itertools.chain.from_iterable(sample.text for sample in usable))
    strange = sum(n for character, n in counts.items() if character not in started.alphabet)
    return strange / max(1, counts.total())


def _nothing_left(problems: Sequence[Problem]) -> InputError:
    """Why there is no line to train on, while there are some to validate with."""
    if problems:
        return InputError(_nothing_usable(problems), "see: ocr check")
    return InputError(
        "every line to train on is one to validate with too", "name others for one of them"
    )


def _nothing_usable(problems: Sequence[Problem]) -> str:
    message = "no line is left to train on"
    if problems:
        first = problems[0]
        message += f", {len(problems)} cannot be used; the first, {first.id}: {first.reason}"
    return message
