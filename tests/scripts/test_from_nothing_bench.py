"""The bench of trainers with trainers made up here: what they are given, and what it makes of
what they answer. No tool of another project is needed."""

from __future__ import annotations

import importlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from ocr.types import Sample

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "scripts" / "bench"

READER = """
import sys, pathlib
training, validation, test, minutes = sys.argv[1:]
pairs = sorted(path.name for path in pathlib.Path(training).iterdir())
assert pairs == ["00000.gt.txt", "00000.png", "00001.gt.txt", "00001.png"], pairs
assert len(list(pathlib.Path(validation).iterdir())) == 2
print(f"asked for {minutes}")
for path in sorted(pathlib.Path(test).iterdir()):
    print(path.name, "abcd efgx", sep="\\t")
"""
INTERRUPTED = """
import pathlib, time
try:
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path(__file__).with_name("interrupted").touch()
"""
UNREADY = "print('3 steps')"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("from_nothing")


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH / "trainers"))
    return importlib.import_module("tool")


def lines(count: int) -> list[Sample]:
    return [Sample(f"s{number}", Path(f"{number}.png"), "abcd efgh") for number in range(count)]


def script(folder: Path, name: str, source: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def test_fewer_lines_are_among_more_and_a_seed_draws_the_same(bench: ModuleType) -> None:
    samples = lines(50)
    few, more = bench.drawn(samples, 5, 1), bench.drawn(samples, 20, 1)
    assert few == more[:5]
    assert len(set(more)) == 20
    assert more != bench.drawn(samples, 20, 2)
    assert more != samples[:20]
    assert set(bench.drawn(samples, 99, 1)) == set(samples)


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(10, 5, [0, 2, 4, 6, 8]), (7, 3, [0, 2, 4]), (3, 5, [0, 1, 2]), (0, 5, [])],
)
def test_thinned_lines_are_at_equal_distances(
    bench: ModuleType, count: int, most: int, expected: list[int]
) -> None:
    samples = lines(count)
    assert bench.thinned(samples, most) == [samples[index] for index in expected]


@pytest.mark.parametrize(
    ("source", "message"),
    [("raise SystemExit(7)", "reader has failed with 7"),
     ("print()\nprint('00000.png\\tabcd')", "reader has not read the 2 images")],
)  # fmt: skip
def test_a_trainer_that_breaks_its_word_ends_the_bench(
    bench: ModuleType, tmp_path: Path, source: str, message: str
) -> None:
    command = script(tmp_path, "reader", source)
    with pytest.raises(SystemExit, match=message):
        bench.row("reader", bench.train("reader", command, [tmp_path] * 3, 1), ["abcd", "efgh"])


def test_the_table_of_two_trainers(tmp_path: Path) -> None:
    data, scratch = tmp_path / "data" / "print" / "made", tmp_path / "scratch"
    data.mkdir(parents=True)
    scratch.mkdir()
    for part, count in (("train", 4), ("val", 1), ("test", 2)):
        names = [f"{part}{number}.png" for number in range(count)]
        for name in names:
            Image.new("RGB", (60, 20), "white").save(data / name)
        rows = "".join(f"{name}\tabcd efgh\n" for name in names)
        (data / f"{part}.tsv").write_text(rows, encoding="utf-8")
    commands = {"reader": READER, "late": UNREADY}
    trainers = [f"--trainer={name}={script(tmp_path, name, commands[name])}" for name in commands]
    done = subprocess.run(
        [sys.executable, BENCH / "from_nothing.py", tmp_path, "--list=print/made", "--lines=2",
         "--minutes=0.5", *trainers],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    head, _, *_, reader, late = done.stdout.splitlines()
    assert head.startswith("print/made: 2 lines learnt in 0.5 min, 1 to choose")
    # One of nine characters and one of two words are wrong, the same in every line.
    assert reader.startswith("| reader | 11.11 [11.11, 11.11] | 50.00 [50.00, 50.00] | 0.")
    assert reader.endswith(" | asked for 0.5 |")
    assert late.startswith("| late | no model yet |  | 0.")
    assert late.endswith(" | 3 steps |")
    assert list(scratch.iterdir()) == []


def test_a_tool_is_interrupted_when_its_time_is_over(tool: ModuleType, tmp_path: Path) -> None:
    """Also where nothing hears an interrupt, as in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        command = shlex.split(script(tmp_path, "slow", INTERRUPTED))
        tool.run(command, time.monotonic() + 5)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "interrupted").exists()


def test_a_tool_that_fails_by_itself_is_an_error(tool: ModuleType) -> None:
    tool.run([sys.executable, "-c", ""])
    with pytest.raises(subprocess.CalledProcessError):
        tool.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_kraken_reads_with_its_best_epoch(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = importlib.import_module("kraken").best
    monkeypatch.delitem(sys.modules, "kraken")  # the name of the tool itself
    assert best(tmp_path) == (None, "")
    aborted = tmp_path / "checkpoint_abort.ckpt"
    aborted.touch()
    assert best(tmp_path) == (aborted, "less than an epoch")
    for epoch, accuracy in ((0, "-0.2000"), (8, "0.9100"), (9, "0.9000")):
        (tmp_path / f"checkpoint_{epoch:02}-{accuracy}.ckpt").touch()
    assert best(tmp_path) == (tmp_path / "checkpoint_08-0.9100.ckpt", "best after epoch 9")
