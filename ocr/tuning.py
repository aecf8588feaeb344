"""Transcribed lines -> what a language model counts for: its weight, bonus and temperature.

The edits of a beam on these lines are counted for one value after the other of one option, the
other held: a line search for the weight, one for the bonus, and one more for the weight, since
a heavier language model needs a greater bonus. The network has read the lines before, once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ocr.alphabet import Alphabet
from ocr.calibration import KnownLine, calibrate_language
from ocr.decoding import decoder_for, is_empty
from ocr.decoding.beam import BeamDecoder, language_decoder
from ocr.decoding.language import LanguageModel
from ocr.decoding.search import Merit
from ocr.metrics import edit_counts
from ocr.options import DecodingOptions, LanguageOptions
from ocr.types import Float32Array, OnProgress

WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
BONUSES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)  # nats per character


def with_weight(merit: Merit, weight: float) -> Merit:
    return merit._replace(weight=weight)


def with_bonus(merit: Merit, bonus: float) -> Merit:
    return merit._replace(bonus=bonus)


SEARCHES = ((with_weight, WEIGHTS), (with_bonus, BONUSES), (with_weight, WEIGHTS))


@dataclass(frozen=True, slots=True)
class Tuning:
    """The options found, and the character error rates by best path and with them, 0 or more."""

    options: LanguageOptions
    greedy_cer: float
    cer: float


def tune_language_model(
    model: LanguageModel,
    lines: Sequence[KnownLine],
    alphabet: Alphabet,
    on_progress: OnProgress = lambda done, total: None,
) -> Tuning:
    """The weight and bonus with the fewest edits, and then the temperature. Of equals the
    smaller value is taken. Raises InputError where no character is read."""
    decoder = language_decoder(model, alphabet)
    total = len(lines) * sum(len(values) for _, values in SEARCHES)
    done, edits = 0, 0
    for changed, values in SEARCHES:
        found = []
        for value in values:
            trial = dataclasses.replace(decoder, merit=changed(decoder.merit, value))
            found.append((count_edits(labels_with(trial), lines, alphabet), value))
            done += len(lines)
            on_progress(done, total)
        edits, best = min(found)
        decoder = dataclasses.replace(decoder, merit=changed(decoder.merit, best))
    written = [line for line in lines if not is_empty(line.log_probs)]
    calibration = calibrate_language(decoder, written, alphabet, model.options.temperature)
    options = dataclasses.replace(
        model.options,
        weight=decoder.merit.weight,
        bonus=decoder.merit.bonus,
        temperature=calibration.temperature,
    )
    characters = max(1, sum(len(line.text) for line in lines))
    return Tuning(options, error_rate(lines, alphabet), edits / characters)


def error_rate(
    lines: Iterable[KnownLine], alphabet: Alphabet, decoding: DecodingOptions = DecodingOptions()
) -> float:
    """The CER, 0 or more, of the lines as they are decoded: by default the best path."""
    decode, edits, characters = decoder_for(decoding, alphabet), 0, 0
    for line in lines:
        text = alphabet.decode(decode(line.log_probs)[0].labels)
        edits += edit_counts(line.text, text).count
        characters += len(line.text)
    return edits / max(1, characters)


def labels_with(decoder: BeamDecoder) -> Callable[[Float32Array], Sequence[int]]:
    """The labels that ``ocr recognize`` finds with the decoder: none on an empty line."""
    return lambda log_probs: () if is_empty(log_probs) else decoder.labels(log_probs)


def count_edits(
    read: Callable[[Float32Array], Sequence[int]], lines: Sequence[KnownLine], alphabet: Alphabet
) -> int:
    """Edits between the lines and what is read from their log-probabilities."""
    return sum(
        edit_counts(line.text, alphabet.decode(read(line.log_probs))).count for line in lines
    )
