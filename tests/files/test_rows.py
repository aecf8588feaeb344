"""Rows of a list, as people and as spreadsheets write them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.files.rows import Quotes, field, fields_of, quotes_of
from ocr.files.texts import read_lines
from ocr.training.data.dataset import read_samples

FIELDS = st.text(st.sampled_from('a" \t'), min_size=1, max_size=8)


@given(FIELDS)
def test_what_a_spreadsheet_quotes_comes_back(text: str) -> None:
    table = io.StringIO()
    csv.writer(table, "excel-tab").writerow(["a.png", text])
    assert fields_of(table.getvalue()) == ("a.png", "\t", text)


@pytest.mark.parametrize(
    "text",
    ['"Yes"', '"Yes", she said', 'she said "Yes"', '"', '""', '"""', '""Yes""', '"a" and "b"',
     '"a"\t"b"', 'the ""x""', ' "Il dit ""non"""'],
)  # fmt: skip
def test_other_quotation_marks_stay(text: str) -> None:
    assert fields_of(f"a.png\t{text}") == ("a.png", "\t", text)


@given(FIELDS)
def test_what_is_listed_comes_back_to_us_and_to_spreadsheets(text: str) -> None:
    """But for TABs, which no transcription has."""
    text = text.replace("\t", " ")
    row = f"a.png\t{field(text)}\n"
    assert fields_of(row) == ("a.png", "\t", text)
    assert list(csv.reader(io.StringIO(row + "b.png\tx\n"), "excel-tab")) == [
        ["a.png", text],
        ["b.png", "x"],
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['a.png\t"Water, roses"', 'b.png\t"no, yes"', 'c.png\t"Yes"'], True),
        (['"a, b.png"\tone', '"a, c.png"\t"""No,"" he said"'], True),
        (['a.png\t"Water, roses"', "b.png\tno, yes"], False),
        (['a.png\t"Yes, sir"', "b.png\tno"], False),  # it may well be said
        (["a.png\tone"], False),
        ([], False),
    ],
)
def test_lists_in_which_every_comma_is_quoted_are_of_a_spreadsheet(
    lines: list[str], expected: bool
) -> None:
    assert quotes_of(lines) is (Quotes.COMMAS if expected else Quotes.NEEDED)
    texts = [fields_of(line, quotes_of(lines))[2] for line in lines]
    if expected:
        assert not any("," in text and text.endswith('"') for text in texts)
        assert texts == [next(csv.reader([line], "excel-tab"))[1] for line in lines[:2]] + texts[2:]
    else:
        assert texts == [line.partition("\t")[2] for line in lines]


@given(st.lists(FIELDS, min_size=1, max_size=3))
def test_a_list_may_be_quoted_throughout(texts: list[str]) -> None:
    table = io.StringIO()
    csv.writer(table, "excel-tab", quoting=csv.QUOTE_ALL).writerows(["a.png", t] for t in texts)
    lines = table.getvalue().splitlines()
    assert quotes_of(lines) is Quotes.ALL
    assert [fields_of(line, Quotes.ALL) for line in lines] == [("a.png", "\t", t) for t in texts]
    assert (
        quotes_of([*lines, f"{field('b.png', Quotes.ALL)}\t{field('x', Quotes.ALL)}"]) is Quotes.ALL
    )


def test_an_empty_third_cell_is_no_part_of_the_text() -> None:
    lines = ['a.png\t"Water, roses"\t\r\n', 'b.png\t"no, yes"\t\t\n', 'c.png\t"The ""old"""\t']
    assert quotes_of(lines) is Quotes.COMMAS
    texts = [fields_of(line, Quotes.COMMAS)[2] for line in lines]
    assert texts == ["Water, roses", "no, yes", 'The "old"']
    assert fields_of("a.png\t\n") == ("a.png", "\t", "")
    assert fields_of("a.png\n") == ("a.png", "", "")


def test_all_who_read_a_list_agree(tmp_path: Path) -> None:
    (tmp_path / 'a "b".png').touch()
    path = tmp_path / "list.tsv"
    (tmp_path / "c, d.png").touch()
    path.write_bytes(b'"a ""b"".png"\t"Il dit ""non"""\r\n"c, d.png"\t"Oui, oui"\r\n')
    first, second = read_samples([path]).samples
    assert (first.image.name, first.text) == ('a "b".png', 'Il dit "non"')
    assert (second.image.name, second.text) == ("c, d.png", "Oui, oui")
    assert list(read_lines([str(path)])) == [first.text, second.text]
