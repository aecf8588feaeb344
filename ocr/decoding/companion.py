"""The language model that a model is read with where nothing else is asked for.

A model says in its training record which of the language models that came with the program
suits what it learned to read, and a model trained from it says the same.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ocr.decoding.languagefile import shipped_language_models
from ocr.options import DecodingOptions

KEY = "language"  # in the training record


def with_companion(options: DecodingOptions, training: dict[str, Any]) -> DecodingOptions:
    """The options with the language model that the training record names, unless they name a
    decoder, a lexicon or a language model themselves. A name that is none of the shipped ones
    counts for nothing: what a model file says must not open other files."""
    asked = (options.decoder, options.lexicon, options.language_model)
    name = training.get(KEY)
    known = isinstance(name, str) and name in shipped_language_models()
    if asked != (None, None, None) or not known:
        return options
    return dataclasses.replace(options, language_model=name)
