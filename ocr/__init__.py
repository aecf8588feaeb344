"""Carousel: text-line OCR for handwriting and print, on your own machine.

    import ocr

    model = ocr.load_model("default")
    print(model.recognize("line.png").text)

Importing this package loads neither torch nor OpenCV; the names below do when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr.batch.run import transcribe
    from ocr.errors import OcrError
    from ocr.evaluation import evaluate
    from ocr.formats.pagefile import read_page
    from ocr.options import (
        BatchOptions,
        DecodingOptions,
        NetworkOptions,
        PreprocessingOptions,
        ReadingOptions,
        TrainingOptions,
    )
    from ocr.recognition import Recognizer, load_model
    from ocr.training.data.dataset import read_samples
    from ocr.training.prepare import Recipe, prepare
    from ocr.training.session import train_run as train
    from ocr.types import Character, Transcript

__version__ = "0.1.0"

__all__ = [
    "BatchOptions",
    "Character",
    "DecodingOptions",
    "NetworkOptions",
    "OcrError",
    "PreprocessingOptions",
    "ReadingOptions",
    "Recipe",
    "Recognizer",
    "TrainingOptions",
    "Transcript",
    "evaluate",
    "load_model",
    "prepare",
    "read_page",
    "read_samples",
    "train",
    "transcribe",
]

_HOMES = {
    "BatchOptions": "ocr.options.BatchOptions",
    "Character": "ocr.types.Character",
    "DecodingOptions": "ocr.options.DecodingOptions",
    "NetworkOptions": "ocr.options.NetworkOptions",
    "OcrError": "ocr.errors.OcrError",
    "PreprocessingOptions": "ocr.options.PreprocessingOptions",
    "ReadingOptions": "ocr.options.ReadingOptions",
    "Recipe": "ocr.training.prepare.Recipe",
    "Recognizer": "ocr.recognition.Recognizer",
    "TrainingOptions": "ocr.options.TrainingOptions",
    "Transcript": "ocr.types.Transcript",
    "evaluate": "ocr.evaluation.evaluate",
    "load_model": "ocr.recognition.load_model",
    "prepare": "ocr.training.prepare.prepare",
    "read_page": "ocr.formats.pagefile.read_page",
    "read_samples": "ocr.training.data.dataset.read_samples",
    "train": "ocr.training.session.train_run",
    "transcribe": "ocr.batch.run.transcribe",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        module, _, attribute = _HOMES[name].rpartition(".")
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'ocr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
