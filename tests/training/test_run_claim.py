"""Who may write into the folder of a run, and when an earlier run's state goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocr.errors import OutputError, UsageError
from ocr.files.atomic import _mark
from ocr.training import claim
from ocr.training.claim import check_free, claimed, held

TRAINED = ("run.json", "checkpoint.safetensors", "log.jsonl", "curve.png", "meeting")
PREPARED = ("lines.bin", "lines.json", "problems.tsv", "start.safetensors")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "mine.safetensors"


def fill(output: Path, *names: str) -> Path:
    folder = output.with_suffix(".training")
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    return folder


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_a_new_place_is_free(output: Path) -> None:
    check_free(output)
    assert not list(output.parent.iterdir())
    folder = fill(output, *PREPARED, ".lines.bin")
    check_free(output)  # prepared, but never trained
    with claimed(output):
        assert left(folder) == {*PREPARED, ".lines.bin"}


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_run_is_not_written_over(output: Path, name: str) -> None:
    folder = fill(output, *PREPARED, name)
    advice = "--resume, begin anew" if name == "run.json" else "exists already; begin anew"
    with pytest.raises(UsageError, match=advice):
        check_free(output)
    with pytest.raises(UsageError, match=advice), claimed(output):
        pass
    assert left(folder) == {*PREPARED, name}


def test_a_model_is_not_written_over(output: Path) -> None:
    output.write_text("model")
    with pytest.raises(UsageError, match="--overwrite"):
        check_free(output)
    assert output.read_text() == "model"


def test_overwriting_removes_the_run_when_it_is_claimed_and_keeps_the_model_for_now(
    output: Path,
) -> None:
    output.write_text("model")
    folder = fill(output, *PREPARED, *TRAINED)
    check_free(output, overwrite=True)
    assert left(folder) == {*PREPARED, *TRAINED}
    with claimed(output, overwrite=True):
        assert left(folder) == set(PREPARED)
        assert output.read_text() == "model"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_other_files_is_left_alone(output: Path, overwrite: bool) -> None:
    folder = fill(output, "run.json", "holiday.jpg")
    with pytest.raises(UsageError, match="not the folder of a training"):
        check_free(output, overwrite)
    with pytest.raises(UsageError, match="not the folder"), claimed(output, overwrite):
        pass
    assert left(folder) == {"run.json", "holiday.jpg"}


def test_a_model_cannot_be_a_folder_nor_its_run_a_file(output: Path) -> None:
    output.mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        check_free(output, overwrite=True)
    output.rmdir()
    output.with_suffix(".training").write_text("a file")
    with pytest.raises(UsageError, match="not the folder of a training"):
        check_free(output, overwrite=True)


def test_a_run_has_one_training_at_a_time(output: Path) -> None:
    folder = fill(output, *PREPARED, *TRAINED)
    with held(output):
        for another in (held(output), claimed(output, overwrite=True)):
            with pytest.raises(UsageError, match=r"another training is running in .*mine.training"):
                another.__enter__()
        assert left(folder) == {*PREPARED, *TRAINED}
    with held(output):
        pass


def test_what_came_in_between_is_not_lost(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run begins and ends after the first look and before the lock."""
    first = claim.check_free
    looks: list[Path] = []

    def look(place: Path, *options: Any) -> None:
        first(place, *options)
        if not looks:
            fill(output, "run.json")
        looks.append(place)

    monkeypatch.setattr(claim, "check_free", look)
    with pytest.raises(UsageError, match="exists already"), claimed(output):
        pass
    assert left(output.with_suffix(".training")) == {"run.json"}


def test_what_killed_trainings_left_half_written_goes(output: Path) -> None:
    folder = fill(output, *TRAINED)
    half = [_mark(path) + "0a1b2c3d" for path in (folder / "checkpoint.safetensors", output)]
    (folder / half[0]).write_text("half")
    (output.parent / half[1]).write_text("half")
    with held(output):
        assert left(folder) == set(TRAINED)
        assert left(output.parent) == {folder.name}


def test_a_place_that_cannot_be_made(output: Path) -> None:
    output.parent.joinpath("file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        claimed(output.parent / "file" / "mine.safetensors").__enter__()
