"""Rows of a list, as people and as spreadsheets write them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.files.rows import field, fields_of
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


def test_all_who_read_a_list_agree(tmp_path: Path) -> None:
    (tmp_path / 'a "b".png').touch()
    path = tmp_path / "list.tsv"
    path.write_bytes(b'"a ""b"".png"\t"Il dit ""non"""\r\n')
    (sample,) = read_samples([path]).samples
    assert (sample.image.name, sample.text) == ('a "b".png', 'Il dit "non"')
    assert list(read_lines([str(path)])) == [sample.text]
