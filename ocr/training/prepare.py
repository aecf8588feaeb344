"""Data -> a run that can be trained: read, normalise, report, split, lay out the folder."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.alphabet import Alphabet
from ocr.errors import InputError, UsageError
from ocr.network.modelfile import model_id, read_spec
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.dataset import Dataset, read_samples
from ocr.training.datareport import DataReport, report
from ocr.training.problems import Problem
from ocr.training.run import Run, run_folder
from ocr.training.split import split_samples
from ocr.training.store import OnProgress, build_store
from ocr.types import ModelSpec, Sample


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train: sizes and options. With ``start``, preprocessing and network are the
    started model's own."""

    preprocessing: PreprocessingOptions = PreprocessingOptions()
    network: NetworkOptions = NetworkOptions()
    training: TrainingOptions = TrainingOptions()
    start: Path | None = None


def prepare(
    data: Sequence[str | Path],
    output: Path,
    recipe: Recipe,
    validation: Sequence[str | Path] = (),
    on_progress: OnProgress | None = None,
) -> tuple[Run, DataReport]:
    """Read all data and lay out the run's folder beside ``output``.

    validation  data to choose the best model by; else a share of ``data``'s pages is held back
    Raises InputError if no usable line is left, UsageError if the options do not fit.
    """
    started = read_spec(recipe.start) if recipe.start else None
    preprocessing = started.preprocessing if started else recipe.preprocessing
    dataset = read_samples(data)
    held_back = read_samples(validation) if validation else None
    samples = [*dataset.samples, *(held_back.samples if held_back else ())]
    if not dataset.samples:
        raise InputError(_nothing_usable(dataset), "see: ocr check")
    folder = run_folder(output)
    store, problems = build_store(folder, samples, preprocessing, on_progress)
    by_id = {sample.id: sample for sample in samples}
    usable = [by_id[line.id] for line in store.lines]
    position = {sample.id: index for index, sample in enumerate(usable)}
    train, validating = _split(dataset, held_back, usable, recipe.training)
    if not train:
        raise InputError("no line is left to train on", "see: ocr check")
    alphabet = Alphabet(started.alphabet) if started else Alphabet("")
    alphabet = alphabet.extended(sample.text for sample in usable)
    if not alphabet.characters:
        raise UsageError("the transcriptions hold no characters")
    spec = ModelSpec(
        alphabet=alphabet.characters,
        preprocessing=preprocessing,
        network=started.network if started else recipe.network,
        training=_card(recipe, started, len(train), len(validating)),
    )
    run = Run(
        folder=folder,
        output=output,
        spec=spec,
        options=recipe.training,
        train=tuple(position[sample.id] for sample in train),
        validation=tuple(position[sample.id] for sample in validating),
        start=recipe.start,
    )
    all_problems = (*dataset.problems, *(held_back.problems if held_back else ()), *problems)
    return run, report(Dataset(tuple(usable), all_problems))


def _split(
    dataset: Dataset, held_back: Dataset | None, usable: Sequence[Sample], options: TrainingOptions
) -> tuple[list[Sample], list[Sample]]:
    """Training and validation lines that never overlap, the latter thinned to the number that
    is read each time."""
    if held_back is None:
        split = split_samples(usable, options.validation, options.seed)
        train, validating = list(split.train), list(split.validation)
    else:
        chosen = {sample.id for sample in held_back.samples}
        images = {sample.image for sample in held_back.samples}
        validating = [sample for sample in usable if sample.id in chosen]
        train = [sample for sample in usable if sample.image not in images]
    if len(validating) > options.validation_lines:
        picked = random.Random(options.seed).sample(range(len(validating)), options.validation_lines)
        validating = [validating[index] for index in sorted(picked)]
    return train, validating


def _card(
    recipe: Recipe, started: ModelSpec | None, train: int, validation: int
) -> dict[str, Any]:
    card: dict[str, Any] = {"lines": train, "validation_lines": validation}
    if recipe.start and started:
        card |= {"from": model_id(recipe.start), "earlier": started.training}
    return card


def _nothing_usable(dataset: Dataset) -> str:
    if not dataset.problems:
        return "the data holds no transcribed lines"
    first: Problem = dataset.problems[0]
    return f"none of the {len(dataset.problems)} lines can be used; the first, {first.id}: " + (
        first.reason
    )
