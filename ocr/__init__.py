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
    from ocr.batch import transcribe
    from ocr.errors import OcrError
    from ocr.evaluation import evaluate
    from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
    from ocr.recognition import Recognizer, load_model
    from ocr.training.dataset import read_samples
    from ocr.training.loop import train
    from ocr.training.prepare import Recipe, prepare
    from ocr.types import Character, Transcript

__version__ = "0.1.0"

__all__ = [
    "Character",
    "NetworkOptions",
    "OcrError",
    "PreprocessingOptions",
    "Recipe",
    "Recognizer",
    "TrainingOptions",
    "Transcript",
    "evaluate",
    "load_model",
    "prepare",
    "read_samples",
    "train",
    "transcribe",
]

_HOMES = {
    "Character": "ocr.types",
    "NetworkOptions": "ocr.options",
    "OcrError": "ocr.errors",
    "PreprocessingOptions": "ocr.options",
    "Recipe": "ocr.training.prepare",
    "Recognizer": "ocr.recognition",
    "TrainingOptions": "ocr.options",
    "Transcript": "ocr.types",
    "evaluate": "ocr.evaluation",
    "load_model": "ocr.recognition",
    "prepare": "ocr.training.prepare",
    "read_samples": "ocr.training.dataset",
    "train": "ocr.training.loop",
    "transcribe": "ocr.batch",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ocr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
