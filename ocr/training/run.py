"""The folder of a training run: everything a process needs to train, and to go on."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ocr.errors import InputError, OcrError, UsageError
from ocr.fields import from_dict
from ocr.files.atomic import write_atomically
from ocr.files.names import RUN_SUFFIX
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.balance import Sources
from ocr.training.synthesis.material import Material
from ocr.types import ModelSpec

RUN = "run.json"  # what is trained: spec, options, split
START = "start.safetensors"  # the model whose weights it begins with, if any
INDEX, PIXELS = "lines.json", "lines.bin"  # the normalised lines (see store.py)
PROBLEMS = "problems.tsv"  # the lines that are not among them, and why
CHECKPOINT = "checkpoint.safetensors"  # the full state, replaced every two minutes
LOG, CURVE = "log.jsonl", "curve.png"  # the record of the run
MEETING = "meeting"  # where its processes find each other (see parallel.py)
READ_LINES = "read_lines"  # in the training record: how many were learnt as a model read them


@dataclass(frozen=True, slots=True)
class Run:
    """One training run as prepared: ``train`` and ``validation`` are indices into the store.

    output        where the best model is written
    start         a model whose weights it begins with, a copy in the folder, or None
    material      what further lines are rendered from, or None
    material_key  its key when the run began: other fonts or texts would be another training
    sources       where each training line came from, and how much that weighs
    """

    folder: Path
    output: Path
    spec: ModelSpec
    options: TrainingOptions
    train: tuple[int, ...]
    validation: tuple[int, ...]
    start: Path | None = None
    material: Material | None = None
    material_key: str = ""
    sources: Sources = field(default_factory=Sources)

    @property
    def rendered(self) -> int:
        """Rendered lines per step; at least one line of a step is real."""
        size = self.options.batch_size
        share = self.options.synthetic_share if self.material else 0.0
        return min(size - 1, round(share * size))

    @property
    def teaches_itself(self) -> bool:
        """Whether it learns from lines as the model begun with read them."""
        return READ_LINES in self.spec.training

    @property
    def seed(self) -> int:
        """Of what is drawn while training. A run that goes on from a model's weights draws other
        lines and distortions than the runs that they come from."""
        earlier, runs = self.spec.training.get("earlier"), 0
        while earlier is not None:
            earlier, runs = earlier.get("earlier"), runs + 1
        mixed = np.random.SeedSequence((self.options.seed, runs)).generate_state(1)
        return int(mixed[0]) if runs else self.options.seed

    @property
    def checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    @property
    def learning_rate(self) -> float:
        """The peak step size: smaller when the weights already know something."""
        if self.options.learning_rate is not None:
            return self.options.learning_rate
        return 6e-3 if self.learns_anew else 1e-3

    @property
    def learns_anew(self) -> bool:
        """Whether it begins with fresh weights, or with such mixed in, which read nothing."""
        return self.start is None or self.options.retain < 1

    def save(self) -> None:
        values: dict[str, Any] = {
            "output": str(self.output.resolve()),
            "start": self._start(),
            "spec": dataclasses.asdict(self.spec),
            "options": dataclasses.asdict(self.options),
            "train": self.train,
            "validation": self.validation,
            "material": self.material.as_dict() if self.material else None,
            "material_key": self.material_key,
            "sources": dataclasses.asdict(self.sources),
        }
        # ASCII, as the names of files need not be UTF-8.
        write_atomically(self.folder / RUN, json.dumps(values))

    def _start(self) -> str | None:
        """The start's place as seen from the folder, which may move with what is in it."""
        if self.start is None:
            return None
        within = self.start.parent == self.folder
        return self.start.name if within else str(self.start.resolve())


def run_folder(output: Path) -> Path:
    """Where the run of a model is kept: ``mine.safetensors`` -> ``mine.training``."""
    return output.with_suffix(RUN_SUFFIX)


def load_run(folder: Path) -> Run:
    """Read a run back. Raises UsageError if there is none, InputError if it is damaged."""
    path = folder / RUN
    if not path.is_file():
        raise UsageError(f"no training to resume in {folder}", "start one without --resume")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        spec, material = values["spec"], values.get("material")
        parts = {
            "preprocessing": from_dict(PreprocessingOptions, spec.pop("preprocessing")),
            "network": from_dict(NetworkOptions, spec.pop("network")),
        }
        return Run(
            folder=folder,
            output=Path(values["output"]),
            spec=from_dict(ModelSpec, {**spec, **parts}),
            options=from_dict(TrainingOptions, values["options"]),
            train=tuple(values["train"]),
            validation=tuple(values["validation"]),
            start=folder / values["start"] if values["start"] else None,
            material=Material.from_dict(material) if material else None,
            material_key=values.get("material_key", ""),
            sources=Sources(*map(tuple, values.get("sources", {}).values())),
        )
    except (OcrError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error})", "start the training anew") from error
