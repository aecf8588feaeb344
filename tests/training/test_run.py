from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocr.errors import InputError, UsageError
from ocr.training.run import Run, load_run, run_folder

MakeRun = Callable[..., Run]


def test_a_run_comes_back_as_it_was(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(
        tmp_path, alphabet="aé—\U0001d504 ", minutes=1.5, learning_rate=0.01, features="geometric"
    )
    spec = dataclasses.replace(run.spec, training={"lines": 10, "earlier": {"lines": 5}})
    run = dataclasses.replace(run, spec=spec, start=tmp_path / "start.safetensors")
    run.save()
    assert load_run(run.folder) == run


def test_a_run_that_goes_on_draws_other_lines(tmp_path: Path, make_run: MakeRun) -> None:
    run, record = make_run(tmp_path), {"lines": 5}
    other = make_run(tmp_path, seed=2)
    assert (run.seed, other.seed) == (1, 2)
    seeds: set[int] = set()
    for runs in range(3):
        going_on = dataclasses.replace(run.spec, training=record)
        seeds |= {dataclasses.replace(each, spec=going_on).seed for each in (run, other)}
        assert len(seeds) == 2 * (runs + 1)
        record = {"lines": 5, "earlier": record}


def test_a_run_without_a_start_has_none(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path)
    run.save()
    assert load_run(run.folder).start is None


def test_relative_paths_are_kept_as_absolute_ones(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = dataclasses.replace(make_run(tmp_path), output=Path("mine.safetensors"))
    run.save()
    monkeypatch.chdir(tmp_path.parent)
    assert load_run(run.folder).output == tmp_path / "mine.safetensors"


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_run_may_have_names_that_are_no_unicode(tmp_path: Path, make_run: MakeRun) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    run = dataclasses.replace(make_run(folder), output=folder / "é.safetensors")
    run.save()
    assert load_run(run.folder) == run


def test_nothing_to_resume_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without --resume"):
        load_run(tmp_path / "none.training")


def drop_options(values: dict[str, Any]) -> None:
    del values["options"]


def misspell(values: dict[str, Any]) -> None:
    values["options"]["batchsize"] = 3


def no_such_size(values: dict[str, Any]) -> None:
    values["spec"]["network"]["hidden"] = -1


def double_character(values: dict[str, Any]) -> None:
    values["spec"]["alphabet"] = "aa"


def text_for_spec(values: dict[str, Any]) -> None:
    values["spec"] = "spec"


@pytest.mark.parametrize(
    "change", [drop_options, misspell, no_such_size, double_character, text_for_spec]
)
def test_a_damaged_run_is_an_input_error(
    tmp_path: Path, make_run: MakeRun, change: Callable[[dict[str, Any]], None]
) -> None:
    run = make_run(tmp_path)
    run.save()
    path = run.folder / "run.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        load_run(run.folder)


@pytest.mark.parametrize("content", [b"", b'{"output": ', b"[]", b"\xff\xfe"])
def test_a_run_that_is_no_json_object_is_an_input_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("output", "folder"),
    [
        ("models/mine.safetensors", "models/mine.training"),
        ("mine.v2.safetensors", "mine.v2.training"),
        ("mine", "mine.training"),
    ],
)
def test_the_folder_of_a_run_is_beside_its_model(output: str, folder: str) -> None:
    assert run_folder(Path(output)) == Path(folder)
