"""Dataclass fields <-> switches."""

from __future__ import annotations

from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner

from ocr.cli.command import make_command
from ocr.cli.options import given, options_from, switch_of
from ocr.errors import UsageError
from ocr.fields import check, option
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions


@dataclass(frozen=True)
class Kettle:
    water: float | None = option(None, "how much to boil", unit="l", minimum=0)
    heat: int = option(90, "how hot", unit="C", minimum=1, maximum=100)
    lid: bool = option(True, "keep it shut")
    tea: str = option("green", "what goes in", choices=("green", "black"), flag="--leaves")
    slow_pour: bool = option(False, "take your time")

    def __post_init__(self) -> None:
        check(self)


def boil(*arguments: str) -> tuple[Kettle, dict[str, object], str]:
    seen: list[tuple[Kettle, dict[str, object], str]] = []

    @make_command("boil", "ocr boil")
    @options_from(Kettle, "kettle", "Kettle")
    def command(kettle: Kettle) -> None:
        seen.append((kettle, given(Kettle), switch_of(Kettle, "tea")))

    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return seen[0] if seen else (Kettle(), {}, result.output)


def test_without_switches_the_defaults_stand() -> None:
    assert boil() == (Kettle(), {}, "--leaves")


def test_every_type_has_its_switch() -> None:
    kettle, set_by_hand, _ = boil(
        "--water", "1.5", "--heat", "80", "--no-lid", "--leaves", "black", "--slow-pour"
    )
    assert kettle == Kettle(1.5, 80, False, "black", True)
    assert set_by_hand == {
        "water": 1.5, "heat": 80, "lid": False, "tea": "black", "slow_pour": True
    }  # fmt: skip


def test_a_default_given_by_hand_counts_as_given() -> None:
    assert boil("--heat", "90")[1] == {"heat": 90}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--heat", "101"), UsageError),
        (("--water", "-1"), UsageError),
        (("--leaves", "mint"), click.UsageError),
        (("--heat", "hot"), click.UsageError),
    ],
)
def test_what_the_dataclass_refuses_is_refused(
    arguments: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        boil(*arguments)


def test_help_shows_defaults_and_units() -> None:
    shown = " ".join(boil("--help")[2].split())
    for part in (
        "--water L How much to boil",
        "--heat C How hot [default: 90 C]",
        "--lid / --no-lid Keep it shut [default: lid]",
        "--leaves green|black What goes in [default: green]",
        "--slow-pour / --no-slow-pour Take your time [default: no-slow-pour]",
    ):
        assert part in shown


def test_three_kinds_fit_on_one_command() -> None:
    seen: list[object] = []

    @click.command()
    @options_from(PreprocessingOptions, "a", "A")
    @options_from(NetworkOptions, "b", "B")
    @options_from(TrainingOptions, "c", "C")
    def command(a: object, b: object, c: object) -> None:
        seen.extend((a, b, c))

    CliRunner().invoke(command, ["--hidden", "7"], catch_exceptions=False)
    assert seen == [PreprocessingOptions(), NetworkOptions(hidden=7), TrainingOptions()]
