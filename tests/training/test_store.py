"""Normalised lines on disk: right, reused when nothing changed, rebuilt when anything did."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.errors import InputError, OutputError
from ocr.options import PreprocessingOptions
from ocr.preprocessing import normalized
from ocr.preprocessing.normalize import REVISION
from ocr.training import store as store_module
from ocr.training.store import LineStore, build_store, normalise_all
from ocr.types import Sample

DrawLine = Callable[..., Path]
OPTIONS = PreprocessingOptions(height=32)


@pytest.fixture
def samples(tmp_path: Path, draw_line: DrawLine) -> list[Sample]:
    texts = ("one line", "another, longer line", "ij")
    return [
        Sample(f"page/{n}", draw_line(tmp_path / "data" / f"{n}.png", text), text)
        for n, text in enumerate(texts)
    ]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one number, of samples, whenever lines are normalised."""
    done: list[int] = []

    def watched(lines: list[Sample], options: PreprocessingOptions) -> object:
        done.append(len(lines))
        return normalise_all(lines, options)

    monkeypatch.setattr(store_module, "normalise_all", watched)
    return done


def test_lines_come_back_as_they_were_normalised(tmp_path: Path, samples: list[Sample]) -> None:
    store, problems = build_store(tmp_path / "run", samples, OPTIONS)
    assert not problems
    assert [(line.id, line.text) for line in store.lines] == [(s.id, s.text) for s in samples]
    assert store.height == 32
    for index, sample in enumerate(samples):
        expected, image = normalized(sample.image, OPTIONS).values, store.image(index)
        assert image.dtype == np.float32
        assert image.shape == expected.shape == (32, store.widths[index])
        assert np.abs(image - expected).max() <= 0.5 / 255 + 1e-6
        assert image.max() > 0.5
    assert (tmp_path / "run" / "lines.bin").stat().st_size == 32 * store.widths.sum()


def test_progress_counts_every_sample(tmp_path: Path, samples: list[Sample]) -> None:
    seen: list[tuple[int, int]] = []
    build_store(tmp_path / "run", samples, OPTIONS, lambda done, all: seen.append((done, all)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_order_is_kept_over_many_blocks(tmp_path: Path, draw_line: DrawLine) -> None:
    path = draw_line(tmp_path / "x.png", "x")
    samples = [Sample(str(n), path, "x") for n in range(64 * (os.cpu_count() or 1) + 5)]
    done = [sample.id for sample, _ in normalise_all(samples, OPTIONS)]
    assert done == [sample.id for sample in samples]


def test_unusable_lines_are_problems_and_the_rest_is_done(
    tmp_path: Path, samples: list[Sample]
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    unreadable = Sample("broken", tmp_path / "broken.png", "text")
    missing = Sample("missing", tmp_path / "missing.png", "text")
    narrow = dataclasses.replace(samples[2], id="narrow", text="far too long a text " * 20)
    everything = [unreadable, samples[0], narrow, missing, samples[1]]
    store, problems = build_store(tmp_path / "run", everything, OPTIONS)
    assert [line.id for line in store.lines] == ["page/0", "page/1"]
    np.testing.assert_allclose(
        store.image(1), normalized(samples[1].image, OPTIONS).values, atol=1 / 255
    )
    assert [p.id for p in problems] == [str(s.image) for s in (unreadable, narrow, missing)]
    assert "400 characters needs" in problems[1].reason or "frames" in problems[1].reason
    assert all(p.reason and p.fix for p in problems)
    again, same = build_store(tmp_path / "run", everything, OPTIONS)
    assert (again.lines, same) == (store.lines, problems)


def test_a_store_without_any_usable_line_is_empty(tmp_path: Path) -> None:
    missing = Sample("missing", tmp_path / "missing.png", "text")
    for _ in range(2):
        store, problems = build_store(tmp_path / "run", [missing], OPTIONS)
        assert (len(store), len(problems)) == (0, 1)


def test_nothing_is_done_twice(tmp_path: Path, samples: list[Sample], work: list[int]) -> None:
    first, _ = build_store(tmp_path / "run", samples, OPTIONS)
    before = (tmp_path / "run" / "lines.bin").stat().st_mtime_ns
    second, _ = build_store(tmp_path / "run", samples, OPTIONS)
    assert work == [3]
    assert second.lines == first.lines
    assert (tmp_path / "run" / "lines.bin").stat().st_mtime_ns == before


def test_a_change_of_anything_makes_it_anew(
    tmp_path: Path, samples: list[Sample], work: list[int], draw_line: DrawLine
) -> None:
    folder = tmp_path / "run"

    def rebuilt(lines: list[Sample], options: PreprocessingOptions) -> LineStore:
        before = len(work)
        store, _ = build_store(folder, lines, options)
        assert len(work) == before + 1
        build_store(folder, lines, options)
        assert len(work) == before + 1
        return store

    rebuilt(samples, OPTIONS)
    corrected = [dataclasses.replace(samples[0], text="One line"), *samples[1:]]
    assert rebuilt(corrected, OPTIONS).lines[0].text == "One line"
    assert rebuilt(corrected, dataclasses.replace(OPTIONS, height=24)).height == 24
    upright = rebuilt(corrected, dataclasses.replace(OPTIONS, deslant=False))
    old = upright.widths[1]
    draw_line(samples[1].image, "another image, which is a good deal wider than the last")
    assert rebuilt(corrected, dataclasses.replace(OPTIONS, deslant=False)).widths[1] > old
    stat = samples[2].image.stat()
    os.utime(samples[2].image, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
    rebuilt(corrected, OPTIONS)
    rebuilt(corrected[:2], OPTIONS)
    rebuilt([corrected[1], corrected[0]], OPTIONS)


@pytest.mark.parametrize("damage", ["no index", "no json", "a list", "old keys", "short", "gone"])
def test_a_half_written_store_is_made_anew_or_refused(
    tmp_path: Path, samples: list[Sample], work: list[int], damage: str
) -> None:
    folder = tmp_path / "run"
    whole, _ = build_store(folder, samples, OPTIONS)
    index, pixels = folder / "lines.json", folder / "lines.bin"
    content = pixels.read_bytes()
    if damage == "no index":
        index.unlink()
        pixels.write_bytes(content[: len(content) // 2])
    elif damage == "no json":
        index.write_text(index.read_text(encoding="utf-8")[:50], encoding="utf-8")
    elif damage == "a list":
        index.write_text("[]", encoding="utf-8")
    elif damage == "old keys":
        index.write_text(json.dumps({"lines": []}), encoding="utf-8")
    elif damage == "short":
        pixels.write_bytes(content[:-1])
    else:
        pixels.unlink()
    with pytest.raises(InputError, match="start the training anew"):
        LineStore(folder)
    again, _ = build_store(folder, samples, OPTIONS)
    assert work == [3, 3]
    assert again.lines == whole.lines
    assert pixels.read_bytes() == content


def test_a_rebuild_that_is_cut_off_leaves_no_index_of_other_pixels(
    tmp_path: Path, samples: list[Sample]
) -> None:
    folder = tmp_path / "run"
    whole, _ = build_store(folder, samples, OPTIONS)
    expected = whole.image(2)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    other = dataclasses.replace(OPTIONS, height=24)
    with pytest.raises(KeyboardInterrupt):
        build_store(folder, samples, other, interrupt)
    assert sorted(path.name for path in folder.iterdir()) == ["lines.bin", "lines.json"]
    np.testing.assert_array_equal(whole.image(2), expected)  # still mapped by a training
    store, _ = build_store(folder, samples, OPTIONS)
    np.testing.assert_array_equal(store.image(2), expected)


def test_new_pixels_never_stand_beside_an_old_index(
    tmp_path: Path, samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between the two files, when both would have the same size."""
    folder = tmp_path / "run"
    build_store(folder, samples, OPTIONS)

    def interrupt(path: Path, content: str) -> None:
        raise KeyboardInterrupt

    swapped = [samples[1], samples[0], samples[2]]
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "write_atomically", interrupt)
        with pytest.raises(KeyboardInterrupt):
            build_store(folder, swapped, OPTIONS)
    assert [path.name for path in folder.iterdir()] == ["lines.bin"]
    store, _ = build_store(folder, samples, OPTIONS)
    expected = normalized(samples[0].image, OPTIONS).values
    np.testing.assert_allclose(store.image(0), expected, atol=1 / 255)


def test_a_training_keeps_the_pixels_it_maps_while_others_are_made(
    tmp_path: Path, samples: list[Sample]
) -> None:
    mapped, _ = build_store(tmp_path / "run", samples, OPTIONS)
    expected = mapped.image(2)
    build_store(tmp_path / "run", samples[:1], dataclasses.replace(OPTIONS, height=16))
    np.testing.assert_array_equal(mapped.image(2), expected)


def test_a_place_that_cannot_be_written_is_an_output_error(
    tmp_path: Path, samples: list[Sample]
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        build_store(tmp_path / "file", samples, OPTIONS)


def test_blank_paper_is_a_line_without_ink(tmp_path: Path) -> None:
    Image.new("L", (200, 40), 255).save(tmp_path / "blank.png")
    store, _ = build_store(tmp_path / "run", [Sample("b", tmp_path / "blank.png", "x")], OPTIONS)
    assert not store.image(0).any()


def test_the_key_of_a_store_is_that_of_its_names_bytes(
    tmp_path: Path, samples: list[Sample]
) -> None:
    accented = dataclasses.replace(samples[0], id="é", image=tmp_path / "caf\u00e9.png", text="é")
    settings = json.dumps([REVISION, dataclasses.asdict(OPTIONS)]).encode()
    entry = f"é\0{accented.image}\0é\0missing\n".encode()
    build_store(tmp_path / "run", [accented], OPTIONS)
    index = json.loads((tmp_path / "run" / "lines.json").read_text(encoding="utf-8"))
    assert index["key"] == hashlib.sha256(settings + entry).hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_unicode_can_be_stored(
    tmp_path: Path, samples: list[Sample], draw_line: DrawLine, work: list[int]
) -> None:
    first, second = (
        dataclasses.replace(samples[0], image=draw_line(tmp_path / os.fsdecode(name), "one"))
        for name in (b"caf\xe9.png", b"caf\xe8.png")
    )
    store, problems = build_store(tmp_path / "run", [first], OPTIONS)
    assert (len(store), problems) == (1, [])
    build_store(tmp_path / "run", [first], OPTIONS)
    build_store(tmp_path / "run", [second], OPTIONS)
    assert work == [1, 1]
