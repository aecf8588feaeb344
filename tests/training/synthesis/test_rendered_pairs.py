from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

from ocr.errors import InputError, OcrError, OutputError, UsageError
from ocr.options import SynthesisOptions
from ocr.training.data.dataset import read_samples
from ocr.training.synthesis import pairs, worker
from ocr.training.synthesis.material import Material
from ocr.training.synthesis.pairs import encoded, write_pairs
from ocr.training.synthesis.synthesize import REVISION


@pytest.fixture
def material(tmp_path: Path, font_folder: Path) -> Material:
    text = tmp_path / "text.txt"
    text.write_text("The keeper wrote down every storm, one after the other.\n", encoding="utf-8")
    return Material((font_folder,), (text,), SynthesisOptions(longest=20), seed=1)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_training_data(tmp_path: Path, material: Material) -> None:
    assert list(write_pairs(material, tmp_path / "out", 3)) == [0, 1, 2]
    samples = read_samples([tmp_path / "out"])
    assert samples.problems == ()
    synthesizer = material.synthesizer()
    for number, sample in enumerate(samples.samples):
        line = synthesizer.line(number)
        assert sample.text == line.text
        with Image.open(sample.image) as image:
            np.testing.assert_array_equal(np.asarray(image.convert("L")), line.image)


def test_two_runs_into_one_folder_are_refused(tmp_path: Path, material: Material) -> None:
    out = tmp_path / "out"
    running = write_pairs(material, out, 3)
    assert next(running) == 0
    for other in (material, replace(material, seed=2)):
        with pytest.raises(UsageError, match=r"another run is writing|another seed"):
            next(write_pairs(other, out, 3))
    assert list(running) == [1, 2]


def test_who_waited_at_the_door_looks_again(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking into a new folder and holding it, another run may have filled it."""
    out, held = tmp_path / "out", pairs._held

    def late(folder: Path) -> object:
        monkeypatch.setattr(pairs, "_held", held)
        list(write_pairs(replace(material, seed=2), folder, 1))
        return held(folder)

    monkeypatch.setattr(pairs, "_held", late)
    with pytest.raises(UsageError, match="another seed"):
        next(write_pairs(material, out, 3))


def test_a_rerun_makes_what_is_missing_and_nothing_else(tmp_path: Path, material: Material) -> None:
    out = tmp_path / "out"
    list(write_pairs(material, out, 4))
    before = files(out)
    (out / "000001.gt.txt").unlink()  # cut off between image and text
    (out / "000002.gt.txt").unlink()
    (out / "000002.png").unlink()
    kept = (out / "000000.png").stat().st_mtime_ns
    assert list(write_pairs(material, out, 5)) == [1, 2, 4]
    after = files(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2
    assert (out / "000000.png").stat().st_mtime_ns == kept


def test_several_processes_make_the_same(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(write_pairs(material, tmp_path / "one", 7))
    monkeypatch.setattr(pairs, "LEAST", 2)
    assert sorted(write_pairs(material, tmp_path / "two é", 7, processes=3)) == list(range(7))
    assert files(tmp_path / "two é") == files(tmp_path / "one")


def test_several_processes_end_with_the_first(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(write_pairs(material, tmp_path / "one", 60))
    monkeypatch.setattr(pairs, "LEAST", 2)
    out = tmp_path / "two"
    numbers = write_pairs(material, out, 60, processes=2)
    assert next(numbers) in (0, 1)
    numbers.close()  # type: ignore[attr-defined]
    made = files(out)
    assert len(made) > 2  # whole ones, by processes that have ended
    assert {name: files(tmp_path / "one")[name] for name in made} == made
    list(write_pairs(material, out, 60, processes=2))
    assert files(out) == files(tmp_path / "one")


def test_a_process_that_ends_is_told(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "LEAST", 2)
    ends = (sys.executable, "-c", "raise SystemExit(9)")
    monkeypatch.setattr(pairs, "command", lambda *arguments: ends)
    with pytest.raises(OcrError, match="has ended; the same command goes on"):
        list(write_pairs(material, tmp_path / "out", 4, processes=2))


@pytest.mark.parametrize(("kind", "code"), [(OutputError, 6), (InputError, 4)])
def test_what_stops_a_process_stops_the_run(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch,
    kind: type[OcrError], code: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(pairs, "LEAST", 2)
    says = (sys.executable, "-c", f"print('!{code} no room; make some'); raise SystemExit({code})")
    monkeypatch.setattr(pairs, "command", lambda *arguments: says)
    with pytest.raises(kind, match="no room; make some"):
        list(write_pairs(material, tmp_path / "out", 4, processes=2))


def test_a_process_says_what_stops_it(
    tmp_path: Path,
    material: Material,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "out").write_bytes(b"no folder")
    task = {"material": material.as_dict(), "folder": str(tmp_path / "out"), "lines": 2}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(task)))
    assert worker.main("0", "1") == OutputError.exit_code
    said = capfd.readouterr().out
    assert said.startswith(f"!{OutputError.exit_code} ")
    assert said.count("\n") == 1


def test_another_run_is_refused(tmp_path: Path, material: Material) -> None:
    out = tmp_path / "out"
    list(write_pairs(material, out, 1))
    before = files(out)
    others = [
        Material(material.fonts, material.texts, material.options, seed=2),
        Material(material.fonts, material.texts, SynthesisOptions(longest=21), seed=1),
        Material((material.fonts[0] / "text",), material.texts, material.options, seed=1),
    ]
    for other in others:
        with pytest.raises(UsageError, match="another seed"):
            list(write_pairs(other, out, 2))
    material.texts[0].write_text("Other words.\n", encoding="utf-8")
    with pytest.raises(UsageError, match="another seed"):
        list(write_pairs(material, out, 2))
    assert files(out) == before


def test_a_folder_of_other_things_is_refused(tmp_path: Path, material: Material) -> None:
    out = tmp_path / "out"
    out.mkdir()
    list(write_pairs(material, out, 1))  # an empty one is taken
    (out / "synthesis.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no rendered lines"):
        list(write_pairs(material, out, 1))
    (out / "synthesis.json").unlink()
    with pytest.raises(UsageError, match="holds other files"):
        list(write_pairs(material, out, 1))
    with pytest.raises(UsageError, match="holds no rendered lines"):
        list(write_pairs(material, material.texts[0], 1))


def test_a_text_that_cannot_be_used_leaves_no_folder(tmp_path: Path, material: Material) -> None:
    material.texts[0].write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="not UTF-8"):
        list(write_pairs(material, tmp_path / "out", 1))
    assert not (tmp_path / "out").exists()


def test_the_manifest_names_the_run(tmp_path: Path, material: Material) -> None:
    list(write_pairs(material, tmp_path / "out", 1))
    manifest = json.loads((tmp_path / "out" / "synthesis.json").read_text(encoding="utf-8"))
    assert manifest == {"key": material.key(), "seed": 1}


def test_the_key_of_the_material_is_that_of_its_names_bytes(
    tmp_path: Path, draw_font: Callable[..., Path]
) -> None:
    font, text = draw_font(tmp_path / "fonts" / "é.ttf", {"a": 500}), tmp_path / "è.txt"
    text.write_text("a", encoding="utf-8")
    material = Material((tmp_path / "fonts",), (text,), SynthesisOptions(), seed=1)
    settings = json.dumps([REVISION, features.check("raqm"), asdict(material.options), 1])
    digest = hashlib.sha256(settings.encode())
    for path in (font, text):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    assert material.key() == digest.hexdigest()


def test_a_folder_named_for_handwriting_is_other_material(
    tmp_path: Path, draw_font: Callable[..., Path]
) -> None:
    """Links stay in what is stored: their names count, not what they lead to."""
    draw_font(tmp_path / "real" / "x.ttf", {"a": 500})
    (tmp_path / "a").mkdir()
    keys = set()
    for name in ("hand", "print"):
        (tmp_path / "a" / name).symlink_to(tmp_path / "real")
        material = Material((tmp_path / "a" / name,), (), SynthesisOptions(), seed=1)
        keys |= {material.key(), Material.from_dict(material.as_dict()).key()}
    assert len(keys) == 2


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_material_may_have_names_that_are_no_unicode(tmp_path: Path, material: Material) -> None:
    keys = set()
    for name in (b"caf\xe9.txt", b"caf\xe8.txt"):
        text = material.texts[0].rename(tmp_path / os.fsdecode(name))
        material = replace(material, texts=(text,))
        keys.add(material.key())
        assert Material.from_dict(json.loads(json.dumps(material.as_dict()))) == material
    assert len(keys) == 2


def test_black_and_white_takes_one_bit_and_grey_keeps_its_levels() -> None:
    rng = np.random.default_rng(0)
    bilevel = (rng.random((40, 100)) > 0.5).astype(np.uint8) * 255
    grey = rng.integers(0, 256, (40, 100), dtype=np.uint8)
    for image in (bilevel, grey):
        decoded = cv2.imdecode(np.frombuffer(encoded(image), np.uint8), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(decoded, image)
    assert len(encoded(bilevel)) < 0.3 * len(encoded(grey))
