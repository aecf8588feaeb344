from __future__ import annotations

import hashlib
import string
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocr.errors import UsageError
from ocr.training.data.split import PAGES_NEEDED, page_of, split_samples
from ocr.types import Line, Sample


def lines_of(sizes: dict[str, int]) -> list[Sample]:
    """``sizes[page]`` lines for every page, each with its own image and text."""
    return [
        Sample(f"{page}.{n:010x}", Path(f"data/{page}.{n:010x}.png"), f"line {n}")
        for page, size in sizes.items()
        for n in range(size)
    ]


def sides(samples: list[Sample], share: float, seed: int) -> tuple[set[str], set[str]]:
    train, validation = split_samples(samples, share, seed)
    return {s.id for s in train}, {s.id for s in validation}


def pages_of(samples: list[Sample], share: float, seed: int) -> tuple[set[str], set[str]]:
    train, validation = split_samples(samples, share, seed)
    return {page_of(s) for s in train}, {page_of(s) for s in validation}


unhurried = settings(max_examples=60)  # a busy machine is no failure
page_names = st.text(string.ascii_letters, min_size=3, max_size=8)
page_sizes = st.dictionaries(page_names, st.integers(1, 30), min_size=1, max_size=40)
shares = st.floats(0.01, 0.9)
seeds = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("image", "page"),
    [
        ("images/JDH-2-16-145-001.47d71674cd.webp", "JDH-2-16-145-001"),
        ("images/page101-T.2db613a70a.webp", "page101-T"),
        ("images/a006.41c46eede3.png", "a006"),
        ("images/cu31924087948174_0035.7fde38df32.webp", "cu31924087948174_0035"),
        ("book/0001/010001.png", "0001"),
        ("book/0001/01001f.bin.png", "0001"),
        ("book/folio/010001.nrm.png", "folio"),
        ("book/0001__003.png", "0001"),
        ("book/0001__003__paragraph__012.png", "0001"),
        ("book/my__book_0001__003.png", "my__book_0001"),
        ("lines/page_0001_line_03.png", "page_0001"),
        ("lines/page-12_line-4.png", "page-12"),
        ("lines/page_0001_region_2_line_3.png", "page_0001"),
        ("lines/scan3-r1l12.jpg", "scan3"),
        ("lines/Scan3_L12.TIF", "Scan3"),
        ("page_0007/line_3.png", "page_0007"),
        ("0001_p001/tr_1_tl_3.png", "0001_p001"),
        ("page_0007/003.png", "page_0007"),
        ("iam/a01-000u-03.png", "a01-000u"),
        ("gt/ruhe01_1852_0018_022.png", "ruhe01_1852_0018"),
        ("pages/0001.png", "0001"),
        ("lines/letter.png", "letter"),
        ("lines/IMG_20190620_123658.png", "IMG_20190620_123658"),
        ("lines/wikitexte-0080.webp", "wikitexte-0080"),
        ("lines/without-suffix", "without-suffix"),
    ],
)
def test_page_of_follows_the_naming_conventions(image: str, page: str) -> None:
    assert page_of(Sample("some/id", Path(image), "text")) == page


def test_page_of_a_crop_is_its_page_image() -> None:
    line = Line("l1", ((0, 0), (9, 0), (9, 9)), ())
    assert page_of(Sample("x", Path("0001/a01-000u-03.png"), "text", line)) == "0001/a01-000u-03"


@unhurried
@given(page_sizes, shares, seeds, st.randoms(use_true_random=False))
def test_split_is_a_partition_whatever_the_order(sizes, share, seed, random) -> None:
    samples = lines_of(sizes)
    train, validation = split_samples(samples, share, seed)
    assert sorted(train + validation, key=lambda s: s.id) == sorted(samples, key=lambda s: s.id)
    if len(samples) >= 2:
        assert validation
        assert train
    random.shuffle(samples)
    assert split_samples(samples, share, seed) == (train, validation)


@unhurried
@given(page_sizes, shares, seeds)
def test_split_keeps_pages_whole_and_the_share(sizes, share, seed) -> None:
    samples = lines_of(sizes)
    assume(len(samples) >= 2)
    train, validation = split_samples(samples, share, seed)
    budget = share * len(samples)
    assert budget / 2 - 1e-6 <= len(validation) <= max(1, 2 * budget + 1e-6)
    assert len(train) >= (len(samples) - budget) / 2 - 1e-6 or len(validation) == 1
    if len(sizes) >= PAGES_NEEDED and share <= 0.5 and max(sizes.values()) <= budget:
        assert set.isdisjoint(*pages_of(samples, share, seed))


@unhurried
@given(st.integers(10, 60), st.integers(1, 20), st.floats(0.05, 0.6), seeds)
def test_split_is_by_page_when_pages_are_even(pages, size, share, seed) -> None:
    samples = lines_of({f"p{n}x": size for n in range(pages)})
    assert set.isdisjoint(*pages_of(samples, share, seed))


def test_split_is_by_line_when_pages_are_few() -> None:
    samples = lines_of({f"p{n}x": 50 for n in range(PAGES_NEEDED - 1)})
    assert not set.isdisjoint(*pages_of(samples, 0.1, 1))
    assert 22 <= len(split_samples(samples, 0.1, 1)[1]) <= 90


def threshold_pages(pages: list[str], share: float, seed: int) -> set[str]:
    """The rule without its bounds, written down a second time."""
    return {
        page
        for page in pages
        if int.from_bytes(
            hashlib.blake2b(f"{seed}\t{page}".encode(), digest_size=8).digest(), "big"
        )
        < share * 2**64
    }


@unhurried
@given(seeds, st.integers(0, 100))
def test_added_pages_leave_the_old_ones_where_they_are(seed, added) -> None:
    pages = [f"p{n}x" for n in range(150 + added)]
    for names in (pages[:150], pages):  # within the bounds the rule alone decides
        assume(len(names) * 0.1 <= len(threshold_pages(names, 0.2, seed)) <= len(names) * 0.4)
    before = split_samples(lines_of(dict.fromkeys(pages[:150], 3)), 0.2, seed)
    after = split_samples(lines_of(dict.fromkeys(pages, 3)), 0.2, seed)
    assert {page_of(s) for s in after[1]} == threshold_pages(pages, 0.2, seed)
    assert all(set(old) <= set(new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("huge", [16, 30, 500])
def test_a_page_above_the_budget_is_left_to_training(huge: int) -> None:
    sizes = {"hugex": huge, **{f"p{n}x": 10 for n in range(12)}}  # 14, 15 and 62 lines wanted
    for seed in range(100):
        assert "hugex" not in pages_of(lines_of(sizes), 0.1, seed)[1]


def test_chance_does_not_exceed_twice_the_share() -> None:
    samples = lines_of({f"p{n}x": 2 for n in range(20)})
    taken = [len(split_samples(samples, 0.1, seed)[1]) for seed in range(200)]
    assert set(taken) == {2, 4, 6, 8}  # of 40 lines; half to twice the share
    raw = [len(threshold_pages([f"p{n}x" for n in range(20)], 0.1, seed)) for seed in range(200)]
    assert max(raw) > 4  # what the bound is there for


def test_lopsided_pages_are_split_by_line() -> None:
    sizes = {"hugex": 1000, **{f"p{n}x": 1 for n in range(PAGES_NEEDED)}}
    assert not set.isdisjoint(*pages_of(lines_of(sizes), 0.1, 1))
    assert 50 <= len(split_samples(lines_of(sizes), 0.1, 1)[1]) <= 202


@unhurried
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), min_size=2, max_size=60),
    shares,
    seeds,
)
def test_copies_of_a_line_stay_together(lines, share, seed) -> None:
    samples = [
        Sample(f"{n}", Path(f"d/{image}.png"), text) for n, (image, text) in enumerate(lines)
    ]
    split = split_samples(samples, share, seed)
    train, validation = ({(s.image, s.text) for s in p} for p in split)
    assert train.isdisjoint(validation)
    if len(set(lines)) >= 2:
        assert train
        assert validation
    else:
        assert not validation


@unhurried
@given(page_sizes, shares, seeds)
def test_split_survives_moving_the_data(sizes, share, seed) -> None:
    samples = lines_of(sizes)
    moved = [Sample(s.id, Path("/elsewhere") / s.image, s.text) for s in samples]
    assert sides(samples, share, seed) == sides(moved, share, seed)


def test_seeds_choose_different_pages() -> None:
    samples = lines_of({f"p{n}x": 2 for n in range(50)})
    assert len({frozenset(sides(samples, 0.1, seed)[1]) for seed in range(20)}) > 15


def test_no_share_no_validation() -> None:
    samples = lines_of({"a": 3})
    assert split_samples(samples, 0, 1) == (tuple(samples), ())
    assert split_samples(samples[:1], 0.5, 1) == (tuple(samples[:1]), ())
    assert split_samples([], 0.5, 1) == ((), ())


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="share"):
        split_samples([], share, 1)
