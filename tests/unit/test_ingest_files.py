"""Files are known by their content and read as text, row by row, whatever they look like."""

import csv
import gzip
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.files.detected import Detected, ReadHints, RowBatch
from services.ingest.files.limits import FileLimits
from services.ingest.files.reader import open_table
from shared.errors import Problem

ROWS = [
    ["Date", "Amount", "Supplier"],
    ["2026-01-05", "1541.69", "HMRC"],
    ["2026-01-06", "-5.00", "A"],
]


def table_of(
    path: Path, hints: ReadHints | None = None, **limits: int
) -> tuple[Detected, list[RowBatch]]:
    with open_table(path, hints, FileLimits(**limits)) as table:
        return table.detected, list(table.batches)


def rows_of(path: Path, hints: ReadHints | None = None) -> list[tuple[str | None, ...]]:
    _, batches = table_of(path, hints)
    return [row for batch in batches for row in batch.cells.rows()]


def numbers_of(path: Path) -> list[int]:
    _, batches = table_of(path)
    return [number for batch in batches for number in batch.numbers]


def written(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def delimited(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def problem_of(path: Path, **limits: int) -> str:
    with pytest.raises(Problem) as caught:
        table_of(path, **limits)
    return caught.value.code


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "cp1252"]
)
def test_any_common_dialect_is_read(tmp_path, delimiter, encoding):
    rows = [[*row] for row in ROWS]
    rows[1][2] = {"gb18030": "上海软件技术有限公司", "cp1252": "Müller & Söhne"}.get(
        encoding, "HMRC"
    )
    path = written(tmp_path, delimited(rows, delimiter, "\r\n"), encoding)
    detected, _ = table_of(path)
    assert (detected.delimiter, detected.header_row) == (delimiter, 1)
    assert rows_of(path) == [tuple(row) for row in rows[1:]]


cells = st.text(
    st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]),
    min_size=1, max_size=12,
).filter(lambda text: text.strip() == text and not text.startswith("\ufeff"))  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.lists(
        st.tuples(cells, st.decimals(-(10**9), 10**9, places=2), cells), min_size=1, max_size=20
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    preamble=st.integers(0, 3),
)
def test_a_ledger_is_read_back_from_a_random_dialect(
    tmp_path, body, encoding, delimiter, end, quoting, preamble
):
    rows = [[first, f"{amount:f}", last] for first, amount, last in body]
    text = io.StringIO()
    text.write(f"Report of payments{end}" * preamble)
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["Supplier", "Amount", "Note"], *rows])
    path = written(tmp_path, text.getvalue(), encoding)
    hints = ReadHints(
        encoding=encoding,
        delimiter=delimiter,
        known_columns=frozenset({"supplier", "amount", "note"}),
    )
    assert rows_of(path, hints) == [tuple(row) for row in rows]


def test_a_preamble_is_passed_over_and_rows_keep_their_place(tmp_path):
    text = "Oxford City Council\nPayments over 500\n\n" + delimited(ROWS)
    path = written(tmp_path, text)
    detected, _ = table_of(path)
    assert detected.header_row == 4
    assert numbers_of(path) == [5, 6]


def test_a_row_with_a_wrong_number_of_cells_is_set_aside_with_its_text(tmp_path):
    path = written(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    _, batches = table_of(path)
    assert [(row.row, row.raw) for row in batches[0].malformed] == [(3, "4,5"), (4, "6,7,8,9")]
    assert batches[0].cells.rows() == [("1", "2", "3"), ("10", "11", "12")]


def test_a_stray_quote_does_not_swallow_the_rows_behind_it(tmp_path):
    path = written(tmp_path, 'a,b,c\n1,"2,3\n4,5,6\n7,8,9\n')
    _, batches = table_of(path)
    assert [row.row for row in batches[0].malformed] == [2]
    assert batches[0].cells.rows() == [("4", "5", "6"), ("7", "8", "9")]


def test_a_trailing_delimiter_on_data_rows_is_no_fault(tmp_path):
    path = written(tmp_path, "a,b\n1,2,\n3,4,\n")
    assert rows_of(path) == [("1", "2"), ("3", "4")]


def test_half_quoted_cells_of_banks_are_read_whole(tmp_path):
    path = written(tmp_path, 'Name,Amount,Cur\nA,"-1,099.14"\t,CNY\nB,"5.00",CNY\n')
    assert rows_of(path)[0] == ("A", "-1,099.14\t", "CNY")


def test_blank_rows_are_no_rows(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n\n,\n   ,\n3,4\n")
    assert numbers_of(path) == [2, 6]


def test_columns_without_a_name_or_with_the_same_name_are_told_apart(tmp_path):
    detected, _ = table_of(written(tmp_path, "a,a,\n1,2,3\n"))
    assert detected.columns == ("a", "a_2", "column_3")


def test_a_row_with_bytes_of_another_encoding_is_set_aside(tmp_path):
    content = ("name,amount\n" + "Zürich,1\n" * 20).encode() + b"Gen\xe8ve,2\n"
    _, batches = table_of(written(tmp_path, content))
    assert [row.row for row in batches[0].malformed] == [22]
    assert batches[0].cells.height == 20


def test_a_zero_byte_makes_its_row_malformed(tmp_path):
    _, batches = table_of(written(tmp_path, "a,b\n1,2\n3,4\x00\n"))
    assert [row.row for row in batches[0].malformed] == [3]


def workbook(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Empty")
    sheet = book.add_worksheet("Data")
    sheet.write_row(1, 0, ["Payments in July"])
    sheet.write_row(3, 0, ["Date", "Amount", "Code"])
    sheet.write_row(4, 0, ["19/07/2016", 1541.69, "007"])
    sheet.write_row(5, 0, ["20/07/2016", 0.1 + 0.2, "008"])
    book.close()
    return path


def test_a_workbook_is_read_as_text_from_its_first_filled_sheet(tmp_path):
    path = workbook(tmp_path / "upload")
    detected, _ = table_of(path)
    assert (detected.format, detected.header_row) == ("xlsx", 4)
    assert rows_of(path) == [("19/07/2016", "1541.69", "007"), ("20/07/2016", "0.3", "008")]
    assert numbers_of(path) == [5, 6]


def test_numbers_of_a_workbook_keep_their_fifteen_digits(tmp_path):
    path = tmp_path / "upload"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    numbers = ["-13073526.46", "0.000000000012", "0.123456789012", "1541.69", "-7", "0.3"]
    sheet.write_row(0, 0, ["Amount", "Code"])
    for place, number in enumerate(numbers, start=1):
        sheet.write_number(place, 0, float(number))
        sheet.write_string(place, 1, f"00{place}.50")
    book.close()
    rows = rows_of(path)
    assert rows == [(number, f"00{place}.50") for place, number in enumerate(numbers, start=1)]


def test_parquet_decimals_stay_exact_and_floats_are_flagged(tmp_path):
    path = tmp_path / "upload"
    exact = Decimal("12345678901234567.890000000000000001")
    table = pa.table(
        {
            "exact": pa.array([exact], pa.decimal128(38, 18)),
            "float": pa.array([0.1]),
            "tags": pa.array([[("app", "erp")]], pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, path)
    detected, batches = table_of(path)
    assert detected.float_columns == ("float",)
    assert batches[0].cells.rows() == [(str(exact), "0.1", '{"app": "erp"}')]


def test_numbers_in_json_lines_keep_their_digits(tmp_path):
    lines = ['{"a": 12345678901234567.890, "b": "x"}', '{"a": 1, "c": {"d": 2.50}}', "[1]"]
    path = written(tmp_path, "\n".join(lines))
    detected, batches = table_of(path)
    assert detected.format == "ndjson"
    assert batches[0].cells.row(0) == ("12345678901234567.890", "x", None)
    assert json.loads(batches[0].cells.row(1)[2] or "") == {"d": "2.50"}
    assert [row.row for row in batches[0].malformed] == [3]


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_packed_file_is_read_like_the_file_in_it(tmp_path):
    content = delimited(ROWS).encode()
    packed = written(tmp_path, gzip.compress(content))
    assert rows_of(packed) == [tuple(row) for row in ROWS[1:]]
    assert rows_of(zipped(tmp_path / "z", **{"../../evil.csv": content})) == rows_of(packed)
    assert table_of(packed)[0].compression == "gzip"


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    bomb = zipped(tmp_path / "bomb", data=b"0" * (64 << 20))
    assert problem_of(bomb) == "unpacks_too_large"
    assert problem_of(written(tmp_path, gzip.compress(b"0" * (64 << 20)))) == "unpacks_too_large"


def test_hostile_and_broken_files_are_documented_problems(tmp_path):
    good = tmp_path / "good.parquet"
    pq.write_table(pa.table({"a": ["x"] * 1000}), good)
    content = good.read_bytes()
    sheet = workbook(tmp_path / "good.xlsx").read_bytes()
    cases = {
        b"": "empty_file",
        b"\n\n  \n": "empty_file",
        content[: len(content) // 2]: "truncated_file",
        content[:-10] + b"\x00" * 6 + b"PAR1": "truncated_file",
        sheet[: len(sheet) // 2]: "truncated_file",
        gzip.compress(b"a,b\n1,2\n" * 5000)[:-20]: "truncated_file",
        b"%PDF-1.7 ...": "unsupported_format",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100: "unsupported_format",
        bytes(range(256)) * 20: "unsupported_format",
        b"<?xml version='1.0'?><a/>": "unsupported_format",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + "EncryptedPackage".encode("utf-16-le"): "encrypted_file",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600: "truncated_file",
        gzip.compress(gzip.compress(b"a,b\n1,2\n")): "nested_archive",
    }
    for damaged, code in cases.items():
        assert problem_of(written(tmp_path, damaged)) == code
    two = zipped(tmp_path / "two", a=b"a,b\n1,2\n", b=b"a,b\n1,2\n")
    assert problem_of(two) == "several_files"


def test_too_long_lines_and_too_many_columns_are_refused(tmp_path):
    assert problem_of(written(tmp_path, "a,b\n" + "x" * 3_000_000)) == "line_too_long"
    wide = ",".join(f"c{place}" for place in range(100_000))
    assert problem_of(written(tmp_path, f"{wide}\n{wide}\n")) == "too_many_columns"
