"""Fast ways of reading must say the same as the slow ones that they stand in for."""

import csv
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.files.text.dialect import Dialect
from services.ingest.files.text.plain_lines import split_plain
from services.ingest.imports.reading.columns import joined_object, json_pieces, without_missing
from services.ingest.values.missing import is_missing, trimmed

cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=8)
delimiters = st.sampled_from([",", ";", "\t", "|", "\x1f"])


def as_csv(row: list[str], delimiter: str, quoted: bool) -> str:
    texts = ['"' + cell.replace('"', '""') + '"' for cell in row] if quoted else row
    return delimiter.join(texts) + "\r\n"


rows = st.tuples(st.lists(cells, min_size=1, max_size=4), st.booleans())
full_rows = st.tuples(st.lists(cells, min_size=3, max_size=3), st.booleans())


@given(st.lists(rows, min_size=1, max_size=6) | st.lists(full_rows, min_size=3), delimiters)
def test_lines_are_split_as_csv_splits_them_or_left_to_it(
    table: list[tuple[list[str], bool]], delimiter: str
) -> None:
    lines = [as_csv(row, delimiter, quoted) for row, quoted in table]
    found = split_plain(lines, Dialect(delimiter), ("a", "b", "c"))
    if found is not None:
        assert [list(row) for row in found.rows()] == list(csv.reader(lines, delimiter=delimiter))
    elif '"' not in "".join(lines):
        assert any(line.count(delimiter) != 2 for line in lines)


def test_a_few_quoted_lines_stay_in_their_places() -> None:
    lines = ["1,a,x\n", '2,"b, c",y\n', "3,d,z\n"]
    found = split_plain(lines, Dialect(","), ("a", "b", "c"))
    assert found is not None
    assert found.rows() == [("1", "a", "x"), ("2", "b, c", "y"), ("3", "d", "z")]


@pytest.mark.parametrize(
    "lines", [["1,a,x\n", "2,b,y\n", '3,d,"z\n'], ['1,"a,x\n', "2,b,y\n", '3",d,z\n', "4,e,u\n"]]
)
def test_a_quote_that_stays_open_is_left_to_csv(lines: list[str]) -> None:
    assert split_plain(lines, Dialect(","), ("a", "b", "c")) is None


@given(st.lists(st.tuples(*[st.none() | cells] * 3), min_size=1, max_size=6))
def test_rows_become_json_objects_without_their_missing_values(
    rows: list[tuple[str | None, ...]],
) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row")
    texts = joined_object(json_pieces(frame, frame.columns), frame.height)
    expected = [
        {name: cell for name, cell in zip("abc", row, strict=True) if cell is not None}
        for row in rows
    ]
    assert [json.loads(text) for text in texts] == expected


@given(st.lists(st.sampled_from(["null", "NULL", "Null ", " ?", "#n/a", "\\N", "", "x"]) | cells))
def test_a_column_misses_what_a_single_text_misses(texts: list[str]) -> None:
    found = without_missing(pl.Series(texts, dtype=pl.String)).to_list()
    assert found == [None if is_missing(text) else trimmed(text) for text in texts]
