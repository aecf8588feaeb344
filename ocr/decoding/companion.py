"""The language model that a model is read with where nothing else is asked for.

A model says in its training record which of the language models that came with the program
suits what it learned to read, and a model trained from it says the same.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ocr.decoding.languagefile import shipped_language_models
from ocr.errors import UsageError
from ocr.options import DecodingOptions

KEY = "language"  # in the training record


def lost_companion(training: dict[str, Any]) -> str | None:
    """The language model of the model that one was trained from, if it is not read with it."""
    earlier = training.get("earlier") or {}
    return None if KEY in training else earlier.get(KEY)


def with_companion(options: DecodingOptions, training: dict[str, Any]) -> DecodingOptions:
    """The options with the language model that the training record names, unless they name one,
    a lexicon or another decoder than the beam. A name that is none of the shipped ones counts for
    nothing: what a model file says must not open other files. Raises UsageError for a weight or a
    bonus where there is nothing to weigh."""
    asked = options.decoder not in (None, "beam") or options.lexicon or options.language_model
    name = training.get(KEY)
    if not asked and isinstance(name, str) and name in shipped_language_models():
        return dataclasses.replace(options, language_model=name)
    weighs = options.weight is not None or (
        options.bonus is not None and options.method == "greedy"
    )
    if not asked and weighs:
        raise UsageError("the model names no language model to weigh", "name one with --lm")
    return options
