"""What a new run may write over, and how many processes it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocr.errors import UsageError
from ocr.options import TrainingOptions
from ocr.training import session
from ocr.training.session import MOST_PROCESSES, claim, process_count

TRAINED = ("run.json", "checkpoint.safetensors", "log.jsonl", "curve.png", "meeting")
PREPARED = ("lines.bin", "lines.json", "problems.tsv")


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
    return {path.name for path in folder.iterdir()}


def test_a_new_place_is_free(output: Path) -> None:
    claim(output)
    fill(output, *PREPARED, ".lines.bin")
    claim(output)  # prepared, but never trained


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_run_is_not_written_over(output: Path, name: str) -> None:
    folder = fill(output, *PREPARED, name)
    with pytest.raises(UsageError, match="--resume"):
        claim(output)
    assert left(folder) == {*PREPARED, name}


def test_a_model_is_not_written_over(output: Path) -> None:
    output.write_text("model")
    with pytest.raises(UsageError, match="--overwrite"):
        claim(output)
    assert output.read_text() == "model"


def test_overwriting_removes_the_run_and_keeps_the_model_for_now(output: Path) -> None:
    output.write_text("model")
    folder = fill(output, *PREPARED, *TRAINED)
    claim(output, overwrite=True)
    assert left(folder) == set(PREPARED)
    assert output.read_text() == "model"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_other_files_is_left_alone(output: Path, overwrite: bool) -> None:
    folder = fill(output, "run.json", "holiday.jpg")
    with pytest.raises(UsageError, match="not the folder of a training"):
        claim(output, overwrite)
    assert left(folder) == {"run.json", "holiday.jpg"}


def test_a_model_cannot_be_a_folder_nor_its_run_a_file(output: Path) -> None:
    output.mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        claim(output, overwrite=True)
    output.rmdir()
    output.with_suffix(".training").write_text("a file")
    with pytest.raises(UsageError, match="not the folder of a training"):
        claim(output, overwrite=True)


@pytest.mark.parametrize(
    ("asked", "batch", "cores", "processes"),
    [
        (0, 16, 4, 4),
        (0, 16, 64, MOST_PROCESSES),
        (0, 3, 4, 3),
        (6, 16, 2, 6),
        (6, 4, 8, 4),
        (1, 1, 8, 1),
    ],
)
def test_processes_follow_the_wish_the_cores_and_the_batch(
    monkeypatch: pytest.MonkeyPatch, asked: int, batch: int, cores: int, processes: int
) -> None:
    monkeypatch.setattr(session, "usable_cores", lambda: cores)
    assert process_count(TrainingOptions(processes=asked, batch_size=batch)) == processes


def test_a_gpu_needs_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(session, "usable_cores", lambda: 8)
    assert process_count(TrainingOptions()) == 1
