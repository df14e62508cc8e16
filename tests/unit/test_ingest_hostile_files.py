"""Files that mean harm end in a documented problem, within bounds of memory and time."""

import contextlib
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from services.ingest.files.detected import Detected, ReadHints
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import FILE_CODES
from services.ingest.files.reader import open_table
from shared.errors import Problem, Unavailable
from tests.security import hostile_files as hostile

MOST_MIB = 260
# Far above what any of them costs on a slow machine: what this finds is work without a bound.
MOST_SECONDS = 30.0
WATCHER = """
import json, resource, sys
from pathlib import Path
from services.ingest.files.reader import open_table
from shared.errors import Problem
def worked():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
for name in sys.argv[1:]:
    began = worked()
    try:
        with open_table(Path(name)) as table:
            said = sum(batch.cells.height + len(batch.malformed) for batch in table.batches)
    except Problem as problem:
        said = problem.code
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    print(json.dumps([said, peak, worked() - began]), flush=True)
"""


def watched(paths: Mapping[str, Path]) -> dict[str, tuple[str | int, int, float]]:
    """Of each file the code or the number of rows, the peak of memory so far, the work."""
    output = subprocess.run(
        [sys.executable, "-c", WATCHER, *map(str, paths.values())],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = [tuple(json.loads(line)) for line in output.splitlines()]
    return dict(zip(paths, found, strict=True))


def test_hostile_files_are_refused_in_bounded_memory_and_time(tmp_path):
    cases = {**hostile.REFUSED, **hostile.READ}
    found = watched({name: write(tmp_path / name) for name, (write, _) in cases.items()})
    assert {name: said for name, (said, _, _) in found.items()} == {
        name: said for name, (_, said) in cases.items()
    }
    assert {code for _, code in hostile.REFUSED.values()} <= FILE_CODES.keys()
    assert max(peak for _, peak, _ in found.values()) < MOST_MIB
    assert max(seconds for _, _, seconds in found.values()) < MOST_SECONDS


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_refused_in_bounded_memory_and_time(tmp_path):
    paths = {
        "text": hostile.sparse_line(tmp_path / "text", size=1024),
        "json": hostile.sparse_line(tmp_path / "json", b'{"a": "', size=1024),
        "packed": hostile.one_line(tmp_path / "packed", size=1024),
    }
    found = watched(paths)
    assert [said for said, _, _ in found.values()] == [
        "line_too_long", "line_too_long", "unpacks_too_large",
    ]  # fmt: skip
    assert max(peak for _, peak, _ in found.values()) < MOST_MIB
    assert max(seconds for _, _, seconds in found.values()) < 20


def rows_of(
    path: Path, hints: ReadHints | None = None, limits: FileLimits | None = None
) -> tuple[Detected, list[tuple[str | None, ...]]]:
    with open_table(path, hints, limits or FileLimits()) as table:
        return table.detected, [row for batch in table.batches for row in batch.cells.rows()]


def refusal_of(path: Path, limits: FileLimits | None = None) -> str:
    with pytest.raises(Problem) as caught:
        rows_of(path, limits=limits)
    return caught.value.code


@pytest.mark.parametrize(
    "rows",
    [
        {"dimension": '<dimension ref="A1:XFD1048576"/>'},
        {
            "rows": hostile.HEADER
            + hostile.LINE
            + '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
        },
        {"parts": {"xl/externalLinks/externalLink1.xml": "<externalLink/>"}},
        {"parts": {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 a macro"}},
    ],
    ids=["declared size", "formatted corner", "external links", "macros"],
)
def test_what_a_sheet_only_declares_does_not_count(tmp_path, rows):
    detected, found = rows_of(hostile.a_workbook(tmp_path / "upload", **rows))
    assert (detected.format, found) == ("xlsx", [("2026-01-05", "12.5", "EUR")])


def test_a_line_far_below_the_others_keeps_its_row_number(tmp_path):
    last = hostile.LINE.replace('r="2"', 'r="1048576"').replace('2"', '1048576"')
    path = hostile.a_workbook(tmp_path / "upload", hostile.HEADER + hostile.LINE + last)
    with open_table(path) as table:
        assert [number for batch in table.batches for number in batch.numbers] == [2, 1_048_576]


def test_formulas_count_by_the_value_saved_with_them_and_text_stays_text(tmp_path):
    line = (
        '<row r="2"><c r="A2" t="str"><f>TODAY()</f><v>2026-01-05</v></c>'
        '<c r="B2"><f>1+1</f><v>2.5</v></c><c r="C2" t="str"><v>=cmd|calc</v></c></row>'
        '<row r="3"><c r="A3"><f>NOW()</f></c><c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="C3" t="b"><v>1</v></c></row>'
    )
    path = hostile.a_workbook(tmp_path / "upload", hostile.HEADER + line)
    assert rows_of(path)[1] == [("2026-01-05", "2.5", "=cmd|calc"), (None, "#DIV/0!", "true")]


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    line = '<row r="2"><c r="A2" s="1"><v>44565</v></c><c r="B2"><v>1</v></c></row>'
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    )
    path = hostile.a_workbook(
        tmp_path / "upload",
        hostile.HEADER + line,
        settings='<workbookPr date1904="1"/>',
        parts={"xl/styles.xml": styles},
    )
    assert rows_of(path)[1][0][0] == "2026-01-05 00:00:00"


def several_sheets(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, count in {"Notes": 1, "Hidden": 9, "Ledger": 5, "Accounts": 3}.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Date", "Amount", "Code" if name == "Accounts" else "Vendor"])
            for row in range(count):
                sheet.write_row(row + 1, 0, ["2026-01-05", 10 + row, name])
            if name == "Hidden":
                sheet.hide()
        book.add_chartsheet("Chart").set_chart(a_chart(book))
    return path


def a_chart(book: xlsxwriter.Workbook) -> xlsxwriter.chart.Chart:
    chart = book.add_chart({"type": "bar"})
    chart.add_series({"values": "=Ledger!$B$2:$B$6"})
    return chart


def test_the_fullest_visible_sheet_is_read_and_the_others_are_named(tmp_path):
    detected, rows = rows_of(several_sheets(tmp_path / "upload"))
    assert (detected.sheet, len(rows)) == ("Ledger", 5)
    assert detected.other_sheets == ("Notes", "Accounts")


def test_a_profile_takes_the_sheet_that_it_names_or_that_has_its_columns(tmp_path):
    path = several_sheets(tmp_path / "upload")
    assert rows_of(path, ReadHints(sheet="Hidden"))[0].sheet == "Hidden"
    assert rows_of(path, ReadHints(known_columns=frozenset({"code"})))[0].sheet == "Accounts"
    with pytest.raises(Problem, match="no sheet 'Other'") as caught:
        rows_of(path, ReadHints(sheet="Other"))
    assert caught.value.code == "unknown_sheet"


def test_merged_cells_count_once(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "upload") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Vendor", "Amount", "Note"])
        sheet.merge_range(1, 1, 3, 1, 90)
        for row in range(1, 4):
            sheet.write(row, 0, f"V{row}")
            sheet.write(row, 2, "x")
    assert [row[1] for row in rows_of(tmp_path / "upload")[1]] == ["90", None, None]


def test_open_documents_are_read_and_other_office_files_are_not(tmp_path):
    detected, rows = rows_of(hostile.open_document(tmp_path / "upload"))
    assert (detected.format, rows) == ("ods", [("2026-01-05", "12.5", "EUR")])
    with zipfile.ZipFile(tmp_path / "letter", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    assert refusal_of(tmp_path / "letter") == "unsupported_format"


CSV = b"Date,Amount,Currency\n2026-01-05,12.5,EUR\n"


@pytest.mark.parametrize(
    "name", ["../../../../etc/passwd", "/etc/passwd", "..\\..\\x.csv", "C:\\x.csv", "\x01.csv"]
)
def test_the_name_in_an_archive_leads_nowhere(tmp_path, name):
    path = hostile.zip_of(tmp_path / "upload", name, CSV)
    assert rows_of(path)[1] == [("2026-01-05", "12.5", "EUR")]
    assert [place.name for place in tmp_path.iterdir()] == ["upload"]


def test_an_archive_of_a_version_to_come_is_refused(tmp_path):
    content = bytearray(hostile.zip_of(tmp_path / "newer", "x.csv", CSV).read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 119
    (tmp_path / "newer").write_bytes(content)
    assert refusal_of(tmp_path / "newer") == "unsupported_format"


def test_links_secrets_and_unbounded_packings_in_an_archive_are_refused(tmp_path):
    link = hostile.zip_of(tmp_path / "link", "x.csv", b"/etc/passwd", external_attr=0o120777 << 16)
    assert refusal_of(link) == "unsupported_format"
    content = bytearray(hostile.zip_of(tmp_path / "locked", "x.csv", CSV).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked").write_bytes(content)
    assert refusal_of(tmp_path / "locked") == "encrypted_file"
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = hostile.zip_of(tmp_path / "odd", "x.csv", CSV, compress_type=packing)
        assert refusal_of(path) == "unsupported_format"


def test_decoding_ends_when_its_time_is_over(tmp_path):
    path = hostile.wide_sheet(tmp_path / "upload")  # takes ten seconds where nothing stops it
    limits = FileLimits(sheet_columns=1_000_000, decoder_seconds=1)
    assert refusal_of(path, limits) == "unpacks_too_large"


def decoders() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # ended, perhaps not yet reaped
            if any("services.ingest.files.binary.decoder" in word for word in child.cmdline()):
                found.append(child)
    return found


def a_long_table(path: Path) -> Path:
    pq.write_table(pa.table({"Amount": [str(n) for n in range(1_000_000)]}), path)
    return path


def test_a_decoder_that_is_killed_is_no_fault_of_the_file(tmp_path):
    with open_table(a_long_table(tmp_path / "upload")) as table:
        next(table.batches)
        [decoder] = decoders()
        decoder.kill()
        with pytest.raises(Unavailable):
            list(table.batches)


def test_no_decoder_is_left_when_a_file_is_read_in_part(tmp_path):
    with open_table(a_long_table(tmp_path / "upload")) as table:
        next(table.batches)
    assert decoders() == []


def test_two_parts_of_one_name_are_refused(tmp_path):
    path = hostile.a_workbook(tmp_path / "upload")
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    assert refusal_of(path) == "truncated_file"


def json_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines))
    return path


def test_json_lines_that_cannot_be_read_exactly_are_set_aside(tmp_path):
    path = json_lines(
        tmp_path / "upload",
        '{"Amount": 1, "Note": "a"}',
        '{"Amount": 1, "Amount": 2}',
        '{"Amount": 2, "Note": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"Amount": 3, "Note": ' + "[" * 985 + "]" * 985 + "}",
        '{"Amount": 4, "\\u0000": 1}',
        '{"Amount": 5, "\\ud800": 1}',
        '{"Amount": 1e999999, "Note": "b"}',
        f'{{"Amount": {"9" * 500_000}}}',
    )
    with open_table(path) as table:
        [batch] = table.batches
    assert [row.row for row in batch.malformed] == [2, 3, 4, 5, 6]
    assert batch.cells["Amount"].to_list() == ["1", "1e999999", "9" * 500_000]


def test_keys_that_few_lines_have_do_not_widen_all_the_others(tmp_path):
    path = tmp_path / "upload"
    path.write_text("\n".join(f'{{"Amount": 1, "k{n % 1900}": 1}}' for n in range(3_000)))
    with open_table(path) as table:
        sizes = [batch.cells.height * batch.cells.width for batch in table.batches]
    assert sum(sizes) < 3_100_000
    assert max(sizes) < 1_100_000
