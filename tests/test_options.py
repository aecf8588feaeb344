"""Options: their limits, their way through JSON, and what the command line is told."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ocr import options
from ocr.errors import UsageError
from ocr.fields import from_dict
from ocr.options import DecodingOptions, NetworkOptions, PreprocessingOptions, TrainingOptions

KINDS = tuple(kind for kind in vars(options).values() if dataclasses.is_dataclass(kind))
FIELDS = [(kind, field) for kind in KINDS for field in dataclasses.fields(kind)]


def names(value: Any) -> str:
    return value.name if isinstance(value, dataclasses.Field) else value.__name__


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_defaults_are_valid_and_survive_json(kind: type[Any]) -> None:
    values = json.loads(json.dumps(dataclasses.asdict(kind())))
    assert from_dict(kind, values) == kind()


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=names)
def test_every_field_says_what_it_is_and_keeps_its_limits(
    kind: type[Any], field: dataclasses.Field[Any]
) -> None:
    rule = field.metadata
    assert len(rule["help"]) > 10
    needed = {"lexicon": "words.txt"} if field.name == "price" else {}
    for limit, step in ((rule["minimum"], -1), (rule["maximum"], 1)):
        if limit is not None:
            assert getattr(kind(**{field.name: limit}, **needed), field.name) == limit
            with pytest.raises(UsageError, match=rf"^{field.name} is .*{limit} is"):
                kind(**{field.name: limit + step}, **needed)
    for choice in rule["choices"]:
        kind(**{field.name: choice})
    if rule["choices"]:
        with pytest.raises(UsageError, match=f"{field.name} cannot be 'x'; choose from"):
            kind(**{field.name: "x"})


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_a_misspelt_key_is_named(kind: type[Any]) -> None:
    with pytest.raises(UsageError, match=f"{kind.__name__} has no field colour, size$"):
        from_dict(kind, {"size": 1, "colour": 2})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PreprocessingOptions, {"height": "48"}),
        (PreprocessingOptions, {"deskew": "no"}),
        (PreprocessingOptions, {"deskew": 1}),
        (NetworkOptions, {"hidden": 4.5}),
        (NetworkOptions, {"hidden": None}),
        (NetworkOptions, {"dropout": float("nan")}),
        (TrainingOptions, {"learning_rate": float("inf")}),
    ],
)
def test_a_value_of_another_type_is_named(kind: type[Any], values: dict[str, Any]) -> None:
    (name,) = values
    with pytest.raises(UsageError, match=f"{name} cannot be .*; it needs a value of type"):
        from_dict(kind, values)


def test_a_whole_number_may_stand_for_a_float() -> None:
    assert NetworkOptions(dropout=0).dropout == 0


def test_channels() -> None:
    assert NetworkOptions(convolutions="1,2, 3,40").channels() == (1, 2, 3, 40)


@pytest.mark.parametrize("convolutions", ["", "1,2,3", "1,2,3,4,5", "1,2,3,0", "1,2,3,x"])
def test_channels_are_four_positive_numbers(convolutions: str) -> None:
    with pytest.raises(UsageError, match="give four sizes: 16,32,64,128"):
        NetworkOptions(convolutions=convolutions)


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ({}, "greedy"),
        ({"alternatives": 2}, "beam"),
        ({"language_model": "x.lm"}, "beam"),
        ({"language_model": "none"}, "greedy"),
        ({"language_model": "none", "lexicon": "x.txt"}, "lexicon"),
        ({"lexicon": "x.txt"}, "lexicon"),
        ({"decoder": "beam"}, "beam"),
        ({"decoder": "lexicon", "lexicon": "x.txt"}, "lexicon"),
    ],
)
def test_the_decoder_follows_from_what_is_asked_for(values: dict[str, Any], method: str) -> None:
    assert DecodingOptions(**values).method == method


@pytest.mark.parametrize(
    "values",
    [
        {"weight": 0.5, "bonus": 0.5},  # of the language model that the model may name
        {"language_model": "x.lm", "weight": 0.5},
        {"alternatives": 2, "weight": 0.5},
        {"decoder": "beam", "weight": 0.5},
        {"lexicon": "x.txt", "bonus": 0.5},
        {"decoder": "beam", "language_model": "none", "bonus": 0.5},
    ],
)
def test_decoding_options_that_go_together(values: dict[str, Any]) -> None:
    DecodingOptions(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"decoder": "greedy", "language_model": "x.lm"}, "the greedy decoder takes no language m"),
        ({"lexicon": "x.txt", "language_model": "x.lm"}, "the lexicon decoder takes no language m"),
        ({"decoder": "beam", "lexicon": "x.txt"}, "the beam decoder takes no lexicon; leave one"),
        ({"decoder": "greedy", "alternatives": 1}, "finds one reading only; use --decoder beam"),
        ({"alternatives": 8, "beam": 8}, "alternatives is 8, but of 8 texts that are followed 7"),
        ({"language_model": "none", "weight": 0.5}, "weight weighs nothing without a language mod"),
        ({"lexicon": "x.txt", "weight": 0.5}, "weight weighs nothing without a language model"),
        ({"language_model": "none", "decoder": "beam", "weight": 0.5}, "weight weighs nothing"),
        ({"language_model": "none", "bonus": 0.5}, "bonus is no part of the greedy decoder"),
        ({"decoder": "greedy", "bonus": 0.5}, "bonus is no part of the greedy decoder"),
    ],
)
def test_decoding_options_that_contradict_each_other(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DecodingOptions(**values)


def test_what_a_page_tells_of_how_it_was_read() -> None:
    assert DecodingOptions().stated == {}
    read = DecodingOptions(language_model="/home/jane/french.lm", weight=0.5, alternatives=2)
    assert read.stated == {"language_model": "french.lm", "weight": 0.5, "alternatives": 2}
    assert DecodingOptions(lexicon="words.txt").stated == {"lexicon": "words.txt"}
