"""Random ledgers, and random ways in which systems write them."""

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from hypothesis import strategies as st

FIELDS = ("posted_on", "amount", "vendor", "account", "description")
HEADERS = {
    "en": ("Posting Date", "Amount", "Supplier", "GL Account", "Description"),
    "sap": ("BUDAT", "DMBTR", "LIFNR", "RACCT", "SGTXT"),
    "de": ("Buchungsdatum", "Betrag", "Lieferant", "Sachkonto", "Buchungstext"),
    "zh": ("记账日期", "金额", "供应商", "科目编码", "摘要"),
    "ours": FIELDS,
}
TEXTS = {
    "ascii": ("Acme Ltd", "B & C", "Services; misc", '5" disk', "a, b", "x|y", "O'Neil", "100%"),
    "western": ("Müller & Söhne GmbH", "Société Générale", "Compañía Núñez", "Straße 5", "Ærø"),
    "chinese": ("上海软件技术有限公司", "服务器维护费用", "北京网络公司", "带宽费", "办公用品"),
}
SCRIPTS = {
    "utf-8": ("ascii", "western", "chinese"),
    "utf-8-sig": ("ascii", "western", "chinese"),
    "utf-16": ("ascii", "western", "chinese"),
    "utf-16-le": ("ascii", "chinese"),
    "utf-16-be": ("ascii", "western"),
    "gb18030": ("ascii", "chinese"),
    "cp1252": ("ascii", "western"),
}
MARKS = ((".", ","), (".", ""), (",", "."), (",", ""), (",", " "), (",", "\u00a0"), (".", "'"))
NEGATIVES = ("-{}", "({})", "{}-", "- {}", "{} CR")
#: How dates are written, and the order in which their numbers stand where that may be unclear.
DATES: dict[str, tuple[str, str | None]] = {
    "iso": ("%Y-%m-%d", None),
    "iso time": ("%Y-%m-%dT00:00:00", None),
    "compact": ("%Y%m%d", None),
    "slashes": ("%Y/%m/%d", None),
    "named": ("%d-%b-%Y", None),
    "day first": ("%d/%m/%Y", "dmy"),
    "month first": ("%m/%d/%Y", "mdy"),
    "day first, dashes": ("%d-%m-%Y", "dmy"),
    "dots": ("%d.%m.%Y", None),
    "short dots": ("%d.%m.%y", "short"),
    "short": ("%d/%m/%y", "short"),
    "month first, short": ("%m/%d/%y", "short"),
    "year first, short": ("%y-%m-%d", "short"),
}
TITLES = ("GL detail report", "Company: ACME", "Payments in July 2016", "", "Printed by J. Doe")
CLOSINGS = ("End of report", "*** END ***", "(2 rows affected)", "-- 5 rows --", "Page 1 of 1", "")


@dataclass(frozen=True)
class Row:
    """One row of a ledger, before anybody wrote it down."""

    posted_on: date
    amount: Decimal
    vendor: str
    account: str
    description: str


@dataclass(frozen=True)
class Written:
    """How a ledger is written."""

    format: str = "text"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    quote_all: bool = False
    line_end: str = "\n"
    ends_with_line: bool = True
    marks: tuple[str, str] = (".", "")
    negative: str = "-{}"
    currency: str = "{}"
    date_style: str = "iso"
    header: str = "en"
    titles: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    blank_rows: frozenset[int] = field(default_factory=frozenset)
    trailing_delimiter: bool = False
    packing: str | None = None

    @property
    def date_format(self) -> str:
        """As strptime reads it."""
        return DATES[self.date_style][0]


@st.composite
def ledgers(draw: st.DrawFn, encoding: str = "utf-8") -> list[Row]:
    """Some rows whose texts the encoding can write."""
    texts = st.sampled_from([text for script in SCRIPTS[encoding] for text in TEXTS[script]])
    places = draw(st.sampled_from([2, 2, 2, 0, 3, None]))
    amounts = st.decimals(
        -(10 ** draw(st.integers(1, 9))),
        10 ** draw(st.integers(1, 9)),
        places=draw(st.integers(0, 6)) if places is None else places,
    )
    first = draw(st.dates(date(1990, 1, 1), date(2035, 12, 1)))
    days = st.integers(0, draw(st.sampled_from([0, 9, 80, 400])))
    rows = st.builds(
        Row,
        posted_on=days.map(lambda later: date.fromordinal(first.toordinal() + later)),
        amount=amounts,
        vendor=texts,
        account=st.from_regex(r"[0-9]{4,8}", fullmatch=True),
        description=texts,
    )
    return draw(st.lists(rows, min_size=1, max_size=12))


@st.composite
def ways_to_write(draw: st.DrawFn) -> Written:
    """A random dialect of text files."""
    encoding = draw(st.sampled_from(sorted(SCRIPTS)))
    chinese = "chinese" in SCRIPTS[encoding]
    headers = [name for name in HEADERS if chinese or name != "zh"]
    # GB18030 writes pound signs and hard blanks in four bytes: where nothing else is beyond ASCII,
    # nobody can tell what they are, and the file is refused.
    without = "\u00a0" if encoding == "gb18030" else ""
    marks = draw(st.sampled_from([pair for pair in MARKS if pair[1] != without or not without]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", "^", "~", "\x1f"]))
    return Written(
        encoding=encoding,
        delimiter=delimiter,
        quote=draw(st.sampled_from(['"', '"', '"', "'"])),
        quote_all=draw(st.booleans()),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        ends_with_line=draw(st.booleans()),
        marks=marks,
        negative=draw(st.sampled_from(NEGATIVES)),
        currency=draw(
            st.sampled_from(["{}", "{} GBP", "GBP {}"] + ["£{}"] * (encoding != "gb18030"))
        ),
        date_style=draw(st.sampled_from(sorted(DATES))),
        header=draw(st.sampled_from(headers)),
        titles=tuple(draw(st.lists(st.sampled_from(TITLES), max_size=4))),
        closings=tuple(draw(st.lists(st.sampled_from(CLOSINGS), max_size=2))),
        blank_rows=frozenset(draw(st.lists(st.integers(0, 11), max_size=2))),
        trailing_delimiter=draw(st.booleans()) and draw(st.booleans()),
        packing=draw(st.sampled_from([None, None, None, "gzip", "zip"])),
    )


def number_text(amount: Decimal, way: Written) -> str:
    """An amount as it is written."""
    decimal, thousands = way.marks
    plain = f"{amount.copy_abs():{',' if thousands else ''}f}"
    text = plain.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    signed = way.negative.format(text) if amount < 0 else text
    return way.currency.format(signed)


def cells_of(row: Row, way: Written) -> list[str]:
    """A row as it is written."""
    posted_on = row.posted_on.strftime(way.date_format)
    return [posted_on, number_text(row.amount, way), row.vendor, row.account, row.description]


def write_text(rows: list[Row], way: Written) -> bytes:
    """A ledger as a text file."""
    text = io.StringIO()
    for title in way.titles:
        text.write(title + way.line_end)
    writer = csv.writer(
        text,
        delimiter=way.delimiter,
        quotechar=way.quote,
        lineterminator=way.line_end,
        quoting=csv.QUOTE_ALL if way.quote_all or way.quote == "'" else csv.QUOTE_MINIMAL,
    )
    ending = [""] if way.trailing_delimiter else []
    writer.writerow([*HEADERS[way.header], *ending])
    for place, row in enumerate(rows):
        if place in way.blank_rows:
            text.write(way.line_end)
        writer.writerow([*cells_of(row, way), *ending])
    for closing in way.closings:
        text.write(closing + way.line_end)
    whole = text.getvalue()
    if not way.ends_with_line:
        whole = whole.removesuffix(way.line_end)
    return whole.encode(way.encoding)


def write_ledger(path: Path, rows: list[Row], way: Written) -> None:
    """A ledger as a file of any format, packed or not."""
    if way.format == "xlsx":
        _write_workbook(path, rows, way)
        return
    if way.format == "parquet":
        _write_parquet(path, rows, way)
        return
    content = _json_lines(rows, way) if way.format == "ndjson" else write_text(rows, way)
    if way.packing == "gzip":
        content = gzip.compress(content, 1)
    path.write_bytes(content)
    if way.packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ledger.csv", content)


def _json_lines(rows: list[Row], way: Written) -> bytes:
    lines = []
    for row in rows:
        values = dict(zip(HEADERS[way.header], cells_of(row, way), strict=True))
        pairs = ", ".join(
            f"{json.dumps(name)}: "
            + (f"{row.amount:f}" if name == HEADERS[way.header][1] else json.dumps(value))
            for name, value in values.items()
        )
        lines.append("{" + pairs + "}")
    return way.line_end.replace("\r", "\n")[-1:].join(lines).encode()


def _write_workbook(path: Path, rows: list[Row], way: Written) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    dates = book.add_format({"num_format": "yyyy-mm-dd"})
    line = 0
    for title in way.titles:
        sheet.write_string(line, 0, title)
        line += 1
    sheet.write_row(line, 0, HEADERS[way.header])
    for row in rows:
        line += 1
        sheet.write_datetime(line, 0, row.posted_on, dates)
        sheet.write_number(line, 1, float(row.amount))
        for place, text in enumerate((row.vendor, row.account, row.description), start=2):
            sheet.write_string(line, place, text)
    for closing in way.closings:
        line += 1
        sheet.write_string(line, 0, closing)
    book.close()


def _write_parquet(path: Path, rows: list[Row], way: Written) -> None:
    columns = [
        pa.array([row.posted_on for row in rows], pa.date32()),
        pa.array([row.amount for row in rows], pa.decimal128(38, 18)),
        *(
            pa.array([getattr(row, name) for row in rows], pa.string())
            for name in ("vendor", "account", "description")
        ),
    ]
    pq.write_table(pa.table(columns, names=list(HEADERS[way.header])), path)
