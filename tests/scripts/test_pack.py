"""A recipe's data in one small folder, and a training in pieces on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from ocr.network.modelfile import load_model_file, save_model
from ocr.network.modelheader import read_spec

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
COUNTS = {"hand/few": 4, "hand/many": 16}
RECIPE: dict[str, Any] = {
    "about": "a test",
    "language": "none",
    "network": {"convolutions": "4,4,4,4", "layers": 1, "hidden": 8},
    "training": {"epochs": 2, "batch_size": 4, "balance": 0.5, "validation_lines": 2, "blend": 0.6},
    "synthetic": {"fonts": ["fonts/text"], "texts": ["novel.txt"]},
    "collections": dict.fromkeys(COUNTS, "drawn"),
}


def load(name: str) -> ModuleType:
    loader = SourceFileLoader(name, str(SCRIPTS / name))
    spec = spec_from_loader(name, loader)
    assert spec
    module = sys.modules[name] = module_from_spec(spec)  # its dataclasses look there
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, font_folder: Path) -> Path:
    """A folder laid out as the recipes expect it, every image of the same size."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "fonts").symlink_to(font_folder)
    (folder / "novel.txt").write_text("a cab and a bab, seen by all.\n" * 3, encoding="utf-8")
    image = Image.new("L", (60, 32), 255)
    ImageDraw.Draw(image).text((8, 4), "abc", font=ImageFont.load_default(20), fill=0)
    for name, count in COUNTS.items():
        place = folder / "data" / name
        place.mkdir(parents=True)
        for kind, lines in (("train", count), ("val", 2)):
            for number in range(lines):
                image.save(place / f"{kind}{number:02}.png")
            rows = [f"{kind}{number:02}.png\tabc {number:02}" for number in range(lines)]
            (place / f"{kind}.tsv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def rows(folder: Path, name: str) -> list[str]:
    return (folder / "data" / name).read_text(encoding="utf-8").splitlines()


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_all_of_it_where_there_is_room(shared: Path, tmp_path: Path) -> None:
    load("pack").pack(RECIPE, shared, tmp_path / "packed", 10**7)
    for name in COUNTS:
        assert sorted(rows(tmp_path / "packed", f"{name}/train.tsv")) == rows(
            shared, f"{name}/train.tsv"
        )
        for row in rows(tmp_path / "packed", f"{name}/train.tsv"):
            image = Path("data") / name / row.partition("\t")[0]
            assert (tmp_path / "packed" / image).read_bytes() == (shared / image).read_bytes()
    judged = [rows(tmp_path / "packed", f"{name}/val.tsv") for name in COUNTS]
    assert [len(each) for each in judged] == [1, 1]  # 2 are validated with
    assert (tmp_path / "packed" / "novel.txt").is_file()
    assert len(list((tmp_path / "packed" / "fonts" / "text").iterdir())) == 3


def test_large_collections_shrink_first(shared: Path, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    pack = load("pack").pack
    pack(RECIPE, shared, whole, 10**7)
    line = (shared / "data/hand/few/train00.png").stat().st_size + len("train00.png\tabc 00\n")
    limit = used(whole) - 8 * line
    pack(RECIPE, shared, part, limit)
    assert limit - line < used(part) <= limit
    # of 12 lines, 16 ** 0.5 parts and 4 ** 0.5 parts
    assert [len(rows(part, f"hand/{name}/train.tsv")) for name in ("few", "many")] == [4, 8]
    shares = [load("train_default").share(name, RECIPE, part) for name in COUNTS]
    assert shares == [1.0, pytest.approx((16 / 8) ** 0.5)]  # as if all were there
    again = tmp_path / "again"
    pack(RECIPE, shared, again, limit)
    assert rows(again, "hand/many/train.tsv") == rows(part, "hand/many/train.tsv")


def test_too_little_room(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="do not hold a line of every collection"):
        load("pack").pack(RECIPE, shared, tmp_path / "packed", 1000)
    assert not (tmp_path / "packed").exists()


@pytest.fixture
def training(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Calls scripts/train_default of a copy of the project, without its history, with the recipe
    ``tiny``."""
    (tmp_path / "ocr").symlink_to(SCRIPTS.parent / "ocr")
    (tmp_path / "models").mkdir()
    (tmp_path / "scripts" / "recipes").mkdir(parents=True)
    for name in ("train_default", "recipes/__init__.py"):
        (tmp_path / "scripts" / name).write_bytes((SCRIPTS / name).read_bytes())
    recipe = tmp_path / "scripts" / "recipes" / "tiny.json"
    recipe.write_text(json.dumps(RECIPE), encoding="utf-8")

    def call(*arguments: str) -> tuple[int, str]:
        script = str(tmp_path / "scripts" / "train_default")
        command = [sys.executable, script, "tiny", str(shared), "--processes", "1", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return ended.returncode, ended.stdout + ended.stderr

    return call


def make_it_read(path: Path) -> None:
    """Something, and with a temperature, as a model that was not made in a blink."""
    network, spec = load_model_file(path)
    with torch.no_grad():
        network.output.bias[1] = 9
    save_model(path, network, replace(spec, temperature=1.5))


def test_pieces_until_the_run_is_over(
    training: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, printed = training("--piece", "0.0001")  # over before the first step
    assert (code, printed.splitlines()[-1]) == (3, "a piece is done; the same command goes on")
    assert (tmp_path / "runs" / "tiny.training" / "checkpoint.safetensors").is_file()
    assert not list((tmp_path / "models").iterdir())
    code, printed = training("--piece", "5")
    assert code == 0, printed
    assert "training lines" not in printed  # nothing is prepared anew
    assert printed.splitlines()[-1] == "wrote models/tiny.safetensors"
    shipped = tmp_path / "models" / "tiny.safetensors"
    record = read_spec(shipped).training
    assert (record["revision"], record["data"]) == ("unknown", RECIPE["collections"])
    make_it_read(tmp_path / "runs" / "tiny.safetensors")
    shipped.write_bytes(b"chosen by hand")
    for _ in range(2):
        code, printed = training("--piece", "5")
        assert code == 1
        assert "is over and shipped; move it and" in printed
        assert shipped.read_bytes() == b"chosen by hand"
    assert training("--piece", "5", "--overwrite")[0] == 2
