"""Which pages a batch has and what their outputs are called, before any work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from namereader import NameReader
from PIL import Image
from scanfolders import grow, page_of, put, tiff

from ocr.batch import plan as planning
from ocr.batch.plan import Plan, plan
from ocr.batch.run import transcribe
from ocr.errors import InputError, MissingExtraError, OutputError, UsageError
from ocr.formats import WRITERS, naming
from ocr.options import BatchOptions


def names(planned: Plan) -> list[str]:
    return sorted(job.name for job in planned.jobs)


def sources(planned: Plan) -> list[str]:
    return sorted(job.source.name for job in planned.jobs)


def test_the_tree_is_kept_and_nothing_is_touched(scans: Path, tmp_path: Path) -> None:
    planned = plan([scans], tmp_path / "out", ("txt", "alto"))
    assert names(planned) == ["a/b/x", "a/y", "z"]
    assert [planned.names(job) for job in planned.jobs if job.name == "a/y"] == [
        {"txt": "a/y.txt", "alto": "a/y.alto.xml"}
    ]
    assert not (tmp_path / "out").exists()


def test_patterns_and_single_files_are_sources(scans: Path, tmp_path: Path) -> None:
    for source, expected in (
        (f"{scans}/**/*.png", ["a/b/x"]),
        (f"{scans}/a/*", ["b/x", "y"]),
        (f"{scans}/z.tif", ["z"]),
    ):
        assert names(plan([source], tmp_path / "out")) == expected


def test_each_page_of_a_file_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    tiff(tmp_path / "scans" / "s.tif", 3)
    planned = plan([tmp_path / "scans"], tmp_path / "out")
    assert [(job.name, job.index) for job in planned.jobs] == [
        ("s-0001", 0), ("s-0002", 1), ("s-0003", 2)
    ]  # fmt: skip
    assert [job.place[-10:] for job in planned.jobs] == ["cans/s.tif", "tif#page=2", "tif#page=3"]


def test_pages_of_a_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    image = Image.new("L", (40, 40), 255)
    image.save(tmp_path / "s.pdf", save_all=True, append_images=[image])
    assert names(plan([tmp_path / "s.pdf"], tmp_path / "out")) == ["s-0001", "s-0002"]


def test_a_damaged_image_is_one_page(tmp_path: Path) -> None:
    planned = plan([grow(tmp_path / "scans", "bad.png", "z.png")], tmp_path / "out")
    assert names(planned) == ["bad", "z"]  # it fails when it is read


@pytest.mark.parametrize("name", ["bad.tif", "bad.pdf", "cut.tif"])
def test_a_file_whose_pages_cannot_be_counted_is_refused_whole(tmp_path: Path, name: str) -> None:
    """The first of five pages of a file that was cut short can be read, the rest would be lost."""
    pytest.importorskip("pypdfium2")
    scans = grow(tmp_path / "scans", name, "z.png")
    if name == "cut.tif":
        pages = [Image.effect_noise((60, 40), 50) for _ in range(5)]
        pages[0].save(scans / name, save_all=True, append_images=pages[1:])
        content = (scans / name).read_bytes()
        (scans / name).write_bytes(content[: len(content) * 7 // 10])
    planned = plan([scans], tmp_path / "out")
    assert names(planned) == ["z"]
    (refusal,) = planned.refused
    assert refusal.job.source == scans / name
    assert name in refusal.reason
    assert "\n" not in refusal.reason


@pytest.mark.parametrize("kind", ["pagexml", "alto", "hocr", "json"])
def test_a_page_file_stands_for_its_image(tmp_path: Path, kind: str) -> None:
    scans = grow(tmp_path / "scans", "x.png", "y.png")
    suffix = {"hocr": ".hocr", "json": ".json"}.get(kind, ".xml")
    put(scans / f"page{suffix}", page_of(scans / "x.png"), kind)
    planned = plan([scans], tmp_path / "out")
    assert names(planned) == ["page", "y"]
    (page,) = (job for job in planned.jobs if job.has_lines)
    assert page.inputs == (scans / f"page{suffix}", scans / "x.png")
    assert sources(plan([f"{scans}/*.png"], tmp_path / "out")) == ["x.png", "y.png"]


def test_a_page_file_claims_one_page_of_several(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans")
    scans.mkdir()
    tiff(scans / "s.tif", 3)
    put(scans / "second.xml", page_of(scans / "s.tif", index=1))
    assert names(plan([scans], tmp_path / "out")) == ["s-0001", "s-0003", "second"]


@pytest.mark.parametrize("content", [b"", b"<PcGts ><Page", b"<!DOCTYPE x><alto ></alto>"])
def test_a_broken_page_file_still_stands_for_the_image_of_its_name(
    tmp_path: Path, content: bytes
) -> None:
    scans = grow(tmp_path / "scans", "x.png", "y.png")
    (scans / "x.xml").write_bytes(content)
    assert sources(plan([scans], tmp_path / "out")) == ["x.xml", "y.png"]


def test_xml_and_json_of_another_kind_are_no_input(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    (scans / "METS.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>', encoding="utf-8")
    (scans / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    assert sources(plan([scans], tmp_path / "out")) == ["x.png"]
    with pytest.raises(UsageError, match=r"METS\.xml is neither an image nor a page"):
        plan([scans / "METS.xml"], tmp_path / "out")


def test_two_pages_for_one_output_are_refused(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "a/x.png", "a/x.jpg", "y.png")
    with pytest.raises(UsageError, match=r"x\.jpg and .*x\.png would both become .*x\.txt"):
        plan([scans], tmp_path / "out")
    (scans / "a" / "x.jpg").unlink()
    for name in ("y.xml", "y.hocr"):
        put(scans / name, page_of(scans / "y.png"), "hocr" if "hocr" in name else "pagexml")
    with pytest.raises(UsageError, match=r"y\.hocr and .*y\.xml would both become"):
        plan([scans], tmp_path / "out")


def test_a_page_of_several_can_collide_too(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "s-0002.png")
    tiff(scans / "s.tif", 2)
    with pytest.raises(UsageError, match=r"s-0002\.png and .*s\.tif#page=2 would both become"):
        plan([scans], tmp_path / "out")


def test_two_folders_with_one_name_inside_are_refused(tmp_path: Path) -> None:
    first, second = grow(tmp_path / "1", "x.png"), grow(tmp_path / "2", "x.png")
    with pytest.raises(UsageError, match="would both become"):
        plan([first, second], tmp_path / "out")
    assert len(plan([first, first], tmp_path / "out").jobs) == 1


@pytest.mark.parametrize("kind", ["pagexml", "json"])
def test_an_output_in_the_place_of_an_input_is_refused(tmp_path: Path, kind: str) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    put(scans / f"x{planning.SUFFIXES[kind]}", page_of(scans / "x.png"), kind)
    with pytest.raises(UsageError, match="is an input too"):
        plan([scans], scans, (kind,))
    assert names(plan([scans], scans, ("txt",))) == ["x"]


def test_hidden_names_trainings_and_the_output_are_left_out(tmp_path: Path) -> None:
    names = ("x.png", ".y.png", ".cache/z.png", "out/w.png", "a.training/curve.png", "notes.txt")
    scans = grow(tmp_path / "scans", *names)
    assert sources(plan([scans], scans / "out")) == ["x.png"]


def test_the_output_is_left_out_where_a_pattern_names_it(tmp_path: Path) -> None:
    grow(tmp_path, "a/x.png", "out/y.png")
    planned = plan([tmp_path / "*"], tmp_path / "out")
    assert sources(planned) == ["x.png"]


def test_what_was_made_of_scans_elsewhere_is_no_page(tmp_path: Path) -> None:
    """Such as the output of an earlier run with another -o. What stands beside its scan may be a
    corrected page."""
    scans = grow(tmp_path / "scans", "a.png", "own/b.png")
    transcribe(NameReader(), [scans / "a.png"], scans / "alto", ("alto",))
    transcribe(NameReader(), [scans / "own"], scans / "own", ("pagexml",))
    assert sources(plan([scans], tmp_path / "out")) == ["a.png", "b.page.xml"]
    assert sources(plan([scans / "alto"], tmp_path / "out")) == ["a.alto.xml"]
    assert sources(plan([scans / "*"], tmp_path / "out")) == ["a.png", "b.page.xml"]
    scans = scans.rename(tmp_path / "moved")
    assert sources(plan([scans], tmp_path / "out")) == ["a.png", "b.page.xml"]
    ledger = next((scans / "alto" / ".carousel").glob("*.jsonl"))
    ledger.write_bytes(b"of another program\n")
    assert "a.alto.xml" in sources(plan([scans], tmp_path / "out"))


def test_pdfs_of_ours_beside_their_scans_are_no_pages(tmp_path: Path) -> None:
    for library in ("pikepdf", "pypdfium2"):
        pytest.importorskip(library)
    box = grow(tmp_path / "scans" / "box", "a.png", "b.png")
    Image.new("L", (40, 40), 255).save(box / "theirs.pdf")
    transcribe(NameReader(), [box / "a.png", box / "b.png"], box, ("pdf",))
    assert (box / "a.pdf").is_file()
    for source in (box, box.parent):
        assert sources(plan([source], tmp_path / "out")) == ["a.png", "b.png", "theirs.pdf"]


def test_of_several_page_files_of_a_scan_the_corrected_one_is_read(tmp_path: Path) -> None:
    box = grow(tmp_path / "scans", "a.png", "b.png")
    transcribe(NameReader(), [box], box, ("alto", "pagexml"))
    assert sources(plan([box], tmp_path / "out")) == ["a.alto.xml", "b.alto.xml"]
    corrected = box / "a.page.xml"
    corrected.write_text(corrected.read_text("utf-8").replace("a.png", "A, rightly", 1), "utf-8")
    assert sources(plan([box], tmp_path / "out")) == ["a.page.xml", "b.alto.xml"]
    (box / "b.alto.xml").unlink()
    assert sources(plan([box], tmp_path / "out")) == ["a.page.xml", "b.page.xml"]
    transcribe(NameReader(), [box / "b.page.xml"], box, ("json",))
    assert sources(plan([box], tmp_path / "out")) == ["a.page.xml", "b.page.xml"]
    other = grow(tmp_path / "others", "c.png")
    for kind in ("alto", "pagexml"):  # in two runs
        transcribe(NameReader(), [other], other, (kind,))
    assert sources(plan([other], tmp_path / "out")) == ["c.alto.xml"]


def test_an_output_is_not_the_scan_of_another(tmp_path: Path) -> None:
    grow(tmp_path / "proj" / "scans", "b.png")
    transcribe(NameReader(), [tmp_path / "proj" / "scans"], tmp_path / "proj" / "1", ("pagexml",))
    page = tmp_path / "proj" / "scans" / "b.page.xml"
    (tmp_path / "proj" / "1" / "b.page.xml").rename(page)
    transcribe(NameReader(), [page], tmp_path / "proj" / "2", ("alto", "pagexml"))
    assert sources(plan([tmp_path / "proj"], tmp_path / "out")) == ["b.page.xml"]


def test_a_folder_that_cannot_be_listed_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path / "scans", "a/x.png", "lost/y.png")
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "lost":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    planned = plan([tmp_path / "scans"], tmp_path / "out")
    assert sources(planned) == ["x.png"]
    (refused,) = planned.refused
    assert "lost cannot be read: Permission denied; change its permissions" in refused.reason
    with pytest.raises(InputError, match="lost cannot be read"):
        plan([tmp_path / "scans" / "lost"], tmp_path / "out")
    planned = plan([tmp_path / "scans" / "*"], tmp_path / "out")
    assert (sources(planned), len(planned.refused)) == (["x.png"], 1)


def test_what_another_shard_writes_meanwhile_is_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, found = grow(tmp_path / "scans", "a.png", "b.png"), planning.find

    def find(*arguments: Any) -> Any:
        monkeypatch.setattr(planning, "find", found)
        transcribe(NameReader(), [scans / "b.png"], scans, ("pagexml",))
        yield from found(*arguments)

    monkeypatch.setattr(planning, "find", find)
    found_both = [
        sources(plan([scans], scans, ("pagexml",), BatchOptions(shard=f"{part}/2")))
        for part in (1, 2)
    ]
    assert sorted(found_both[0] + found_both[1]) == ["a.png", "b.png"]


def test_links_are_followed_to_files_only(scans: Path, tmp_path: Path) -> None:
    elsewhere = grow(tmp_path / "elsewhere", "w.png")
    (scans / "folder").symlink_to(elsewhere)
    (scans / "v.png").symlink_to(elsewhere / "w.png")
    planned = plan([scans], tmp_path / "out")
    assert sources(planned) == ["v.png", "x.png", "y.JPG", "z.tif"]
    (refused,) = planned.refused
    assert refused.reason == (
        f"{scans / 'folder'} is a link to a folder, which is not followed; name it as an IN of "
        "its own"
    )
    assert sources(plan([scans / "folder"], tmp_path / "out")) == ["w.png"]


def test_links_in_a_circle_end_nothing(scans: Path, tmp_path: Path) -> None:
    (scans / "loop.png").symlink_to(scans / "loop.png")
    found = sources(plan([scans], tmp_path / "out"))
    assert found == ["loop.png", "x.png", "y.JPG", "z.tif"]  # reading it says what it is


def test_an_output_that_leads_elsewhere_is_refused(scans: Path, tmp_path: Path) -> None:
    elsewhere = grow(tmp_path / "elsewhere", "keep")
    out = grow(tmp_path / "out", "keep")
    (out / "a").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="leads out of"):
        plan([scans], out)


def test_places_that_are_taken_are_refused(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not a folder"):
        plan([scans], scans / "z.tif")
    (tmp_path / "out" / "z.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"z\.txt is a folder"):
        plan([scans], tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("missing", UsageError, "does not exist"),
        ("*.nothing", UsageError, "matches no file"),
        ("notes.odt", UsageError, "is neither an image nor a page in a known format"),
        ("empty", InputError, "there is no image or page in"),
    ],
)
def test_sources_without_pages_say_why(
    tmp_path: Path, source: str, error: type[Exception], reason: str
) -> None:
    grow(tmp_path, "notes.odt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=reason):
        plan([tmp_path / source], tmp_path / "out")


@pytest.mark.parametrize("formats", [(), ("docx",), ("txt", "docx")])
def test_unknown_formats_are_refused(scans: Path, formats: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="choose from txt, json"):
        plan([scans], scans, formats)


def test_a_missing_extra_is_told_before_any_work(
    scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="-m pip install pikepdf"):
        plan([scans], scans, ("txt", "pdf"))
    plan([scans], scans, tuple(set(WRITERS) - {"pdf"}))


def listed(names: Sequence[str], out: Path) -> list[str]:
    return [job.name for job in plan([], out, listed=names).jobs]


def test_listed_names_are_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    grow(Path("scans"), "a/x.png", "b/x.png", "c[1]*.png")
    out = Path("out")
    assert listed(["scans/b/x.png", "./scans/a//x.png"], out) == ["scans/b/x", "scans/a/x"]
    assert listed(["scans/c[1]*.png"], out) == ["scans/c[1]*"]
    assert listed(["scans/a", "scans/a/x.png"], out) == ["scans/a/x"]
    whole = listed([str(tmp_path / "scans/a/x.png")], out)
    assert whole == [(tmp_path / "scans/a/x").relative_to("/").as_posix()]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x.png", r"\.\./x\.png of the list lies outside the current folder"),
        ("scans/../../x.png", "lies outside"),
        ("scans/gone.png", "gone.png of the list does not exist"),
        ("scans/notes.odt", "neither an image nor a page"),
    ],
)
def test_listed_names_that_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    grow(tmp_path, "x.png", "in/scans/notes.odt")
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(UsageError, match=reason):
        listed([name], Path("out"))


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    planned = plan([grow(tmp_path / "scans", name)], tmp_path / "out")
    assert planned.names(planned.jobs[0]) == {"txt": os.fsdecode(b"caf\xe9.txt")}


def test_a_listed_name_of_nothing_is_refused_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(grow(tmp_path, "x.png", "y.jpg"))
    names = ["gone.tif", "x.png", "gone.xml", "a" * 300, "y.png", "y.jpg"]
    planned = plan([], Path("out"), listed=names)
    assert sources(planned) == ["x.png", "y.jpg"]  # y.png takes no output's name from y.jpg
    refused = [(refusal.job.name, refusal.reason) for refusal in planned.refused]
    assert refused == [
        (name, f"{listed} of the list does not exist; check the list")
        for name, listed in (
            ("gone", "gone.tif"), ("gone", "gone.xml"), ("a" * 300, "a" * 300), ("y", "y.png")
        )
    ]  # fmt: skip
    assert names_in_shards(names) == sorted(["gone.tif", "gone.xml", "a" * 300, "y.png"])


def names_in_shards(listed: Sequence[str]) -> list[str]:
    """The sources that are refused, over all shards."""
    shards = [BatchOptions(shard=f"{index}/2") for index in (1, 2)]
    plans = [plan([], Path("out"), options=shard, listed=listed) for shard in shards]
    return sorted(str(refusal.job.source) for planned in plans for refusal in planned.refused)


def test_a_page_with_too_long_a_name_belongs_to_one_shard(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "e" * 251 + ".png", "x.png")
    parts = [BatchOptions(shard=f"{index}/3") for index in (1, 2, 3)]
    plans = [plan([scans], tmp_path / "out", ("alto",), part) for part in parts]
    assert [job.name for planned in plans for job in planned.jobs] == ["x"]
    (refused,) = (refusal for planned in plans for refusal in planned.refused)
    assert refused.job.source.name == "e" * 251 + ".png"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_divide_the_pages_whatever_else_there_is(tmp_path: Path, count: int) -> None:
    scans = grow(tmp_path / "scans", *(f"{number}.png" for number in range(20)))

    def shards(*sources: Path) -> list[list[str]]:
        parts = [f"{index}/{count}" for index in range(1, count + 1)]
        plans = [plan(sources, tmp_path / "out", options=BatchOptions(shard=s)) for s in parts]
        return [names(planned) for planned in plans]

    before = shards(scans)
    assert sorted(name for part in before for name in part) == sorted(
        str(number) for number in range(20)
    )
    assert count == 1 or max(map(len, before)) < 20
    after = shards(grow(scans, "0a.png", "9a.png"))
    assert all(set(old) <= set(new) for old, new in zip(before, after, strict=True))


def test_collisions_are_found_across_shards(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png", "x.jpg")
    for shard in ("1/2", "2/2"):
        with pytest.raises(UsageError, match="would both become"):
            plan([scans], tmp_path / "out", options=BatchOptions(shard=shard))
