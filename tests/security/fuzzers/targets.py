"""The readers under fire: each takes any bytes, and may refuse them with a Problem only."""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import parse_target
from services.ingest.data_quality.rules.selectors import patterns_in, read_selector
from services.ingest.files.compression import check_workbook, office_kind
from services.ingest.files.limits import DEFAULT_LIMITS
from services.ingest.files.reader import open_table, quick_check
from services.ingest.imports.parsing import parse_file
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.lines import read_lines
from services.ingest.profiles.detection import detect
from services.ingest.sources.kinds.odata_metadata import entity_type_of
from services.ingest.sources.kinds.odata_paging import read_answer
from services.ingest.sources.kinds.odata_values import instant_of, plain_row
from services.valuation.measures.value_kpis.formulas.compute import compute_formula
from services.valuation.measures.value_kpis.formulas.grammar import parse_formula
from services.valuation.measures.value_kpis.formulas.unit_check import unit_of_formula
from services.valuation.measures.value_kpis.formulas.units import UnitMismatch
from shared import pagination
from shared.clients.outside.answer import OutsideAnswer
from shared.errors import Problem

FOCUS_HEADER = b"BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ServiceName,Tags\n"


def csv_files(data: bytes) -> None:
    """A ledger as text: found out, proposed, read row by row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(data)
        with suppress(Problem):
            quick_check(BytesIO(data))
        if data.startswith((b"PAR1", b"PK", b"\xd0\xcf")):
            return  # a process of its own decodes these
        with suppress(Problem):
            detect(path, "ledger")
        _import(path, "ledger")


def focus_bills(data: bytes) -> None:
    """A bill in FOCUS: its own header, any rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(FOCUS_HEADER + data)
        _import(path, "focus")


def _import(path: Path, kind: str) -> None:
    request = FileRequest(kind=kind, currency="EUR", period="2026-01")  # type: ignore[arg-type]
    with suppress(Problem):
        parse_file(path, request, path.parent, read_lines, len, lambda _: None)


def workbooks(data: bytes) -> None:
    """A zip of any names and contents, and any bytes that begin like one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(data if data[:1] < b"\x80" else _zip_of(data))
        for look in (lambda: office_kind(path), lambda: check_workbook(path, DEFAULT_LIMITS)):
            with suppress(Problem):
                look()
        if path.read_bytes()[:4] == b"PK\x03\x04" and _is_workbook(path):
            return
        with suppress(Problem), open_table(path) as table:
            list(table.batches)


def _zip_of(data: bytes) -> bytes:
    file = BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "w") as archive:
        for part in data[1:].split(b"\n\n")[:8]:
            name, _, content = part.partition(b"\n")
            archive.writestr(name.decode("latin-1").lstrip("\0") or "x", content)
    packed = bytearray(file.getvalue())
    if len(data) > 2:
        packed[data[1] * len(packed) // 256] ^= data[-1]
    return bytes(packed)


def _is_workbook(path: Path) -> bool:
    with suppress(Problem):
        return office_kind(path) is not None
    return False


def odata_answers(data: bytes) -> None:
    """A page of an OData service, and its metadata."""
    answer = OutsideAnswer(200, {"content-type": "application/json"}, data, "http://x/")
    with suppress(Problem):
        for entity in read_answer(answer).entities:
            for value in plain_row(entity).values():
                instant_of(value, "Edm.DateTimeOffset")
                instant_of(value, "Edm.String")
    with suppress(Problem):
        entity_type_of(data, "Items")


def cursors(data: bytes) -> None:
    """A cursor: foreign, cut, changed, or with our signature over anything."""
    pagination._secret = lambda: b"fuzzed"  # type: ignore[assignment]
    text = data.decode("utf-8", "replace")
    with suppress(Problem):
        pagination.decode_cursor(text, "bound")
    with suppress(Problem):
        pagination.parse_sort(text, {"code": None})


def selectors(data: bytes) -> None:
    """A selector or a target of a mapping."""
    with suppress(ValueError, RecursionError):
        raw = json.loads(data)
        for read in (parse_selector, parse_target):
            with suppress(Problem):
                read(raw)


def formulas(data: bytes) -> None:
    """The formula of an indicator."""
    with suppress(Problem, UnitMismatch):
        formula = parse_formula(data.decode("utf-8", "surrogateescape"))
        compute_formula(formula, dict.fromkeys(formula.leaves))
        unit_of_formula(formula, {})


def rules(data: bytes) -> None:
    """The selector of a rule of data quality."""
    with suppress(ValueError, RecursionError):
        raw = json.loads(data)
        with suppress(Problem):
            list(patterns_in(read_selector(raw)))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        csv_files, focus_bills, workbooks, odata_answers, cursors, selectors, formulas, rules,
    )
}  # fmt: skip

SEEDS: dict[str, list[bytes]] = {
    "csv_files": [
        b"Date,Amount,Currency\n2026-01-05,12.5,EUR\n",
        "﻿日期;金额\n05.01.2026;1.234,50\n合计;1.234,50\n".encode(),
        b'{"Date": "2026-01-05", "Amount": 1}\n{"Amount": 1e999}\n',
        b'a\tb\n"x""y\t1\r\n\x00\t-0\r',
    ],
    "focus_bills": [
        b'1.5,1.5,USD,2026-01-01T00:00:00Z,EC2,"{""a"": ""b""}"\n',
        b"1e-9,NaN,usd,2026-13-01,\x00,{\n",
    ],
    "workbooks": [
        b"\x80\x00xl/workbook.xml\n<workbook/>\n\n[Content_Types].xml\n<Types/>\x00",
        b"\x80\x00a.csv\nDate,Amount\n2026-01-05,1\x00",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\x00",
        b"\x8c\x80\xff\x00a.csv\x1f\x83\n2026-01D\x9cte,Amount\n2\xf9\xd0\xcd\xc9c",
    ],
    "odata_answers": [
        b'{"d": {"results": [{"A": "/Date(1767225600000+0060)/", "B": {"C": 1.5}}],'
        b' "__count": "2"}}',
        b'{"value": [{"A": "2026-01-05T00:00:00Z"}], "@odata.count": "\xc2\xb2"}',
        b'<edmx:Edmx xmlns:edmx="x"><EntityType Name="Item"><Key><PropertyRef Name="Id"/></Key>'
        b'</EntityType><EntitySet Name="Items" EntityType="n.Item"/></edmx:Edmx>',
    ],
    "cursors": [b"", b"AAAA", b"-code,code", "ééé".encode(), b"=" * 9],
    "selectors": [
        b'{"any": [{"account": ["x", {"under": "y"}]}, {"not": {"tags.a": {"matches": "a+"}}}]}',
        b'{"field": "tags.a", "aliases": {"x": "Y"}}',
        b'{"shares": {"A": "0.5", "B": "0.5"}}',
        b'{"amount": {"gt": "1e5"}, "posted_on": {"le": "2026-01-05"}}',
    ],
    "formulas": [
        b"(lines.amount + 3) / tickets.count - min(1, abs(-2))",
        b"cost(layer='solution', object='ERP') * driver('seats', 'A')",
        b"1/0",
        b"((((((((1))))))))**2",
    ],
    "rules": [
        b'{"any": [{"vendor": {"matches": "(a|b)*c"}}, {"amount": {"gt": "5"}}]}',
        b'{"not": {"account": {"exists": false}}}',
    ],
}
