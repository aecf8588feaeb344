"""Pixels -> columns: load, normalise, take column features. One path for training and use."""

from __future__ import annotations

from ocr.options import PreprocessingOptions
from ocr.preprocessing.columns import columns_from_line
from ocr.preprocessing.image import ImageSource, load_image
from ocr.preprocessing.normalize import NormalizedLine, normalize_line
from ocr.types import Columns, Float32Array

__all__ = ["ImageSource", "NormalizedLine", "columns_of", "normalized", "preprocess"]


def normalized(source: ImageSource, options: PreprocessingOptions) -> NormalizedLine:
    """Any image of a line -> the normalised line. Raises ImageError."""
    return normalize_line(load_image(source), options)


def preprocess(source: ImageSource, options: PreprocessingOptions) -> Columns:
    """Any image of a line -> what the network sees of it. Raises ImageError."""
    return columns_of(load_image(source), options)


def columns_of(ink: Float32Array, options: PreprocessingOptions) -> Columns:
    """The ink of a line, (H, W) float32 -> what the network sees of it."""
    line = normalize_line(ink, options)
    return columns_from_line(line.values, line.edges, options.features)
