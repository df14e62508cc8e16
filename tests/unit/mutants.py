"""Damages real files, and says of a damaged file what it holds, by paths of its own.

The judges use nothing of the reader under test: the standard library's csv and json on the same
bytes, Polars' Parquet reader in a process of its own, and, for files that carry checksums, the
fact that what can still be read is what was written. Where the bytes are open to opinion (a quote
left open, a letter of no encoding) a judge says nothing.
"""

import csv
import gzip
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

Truth = Mapping[int, Decimal | None]
"""Rows by their number; None where the row has no plain amount or not all cells."""
Judge = Callable[[bytes], Truth | None]

EXAMPLES = Path(__file__).parents[2] / "examples" / "oxford-council"
PUBLISHED = Path(__file__).parents[1] / "data" / "published"
LEDGER = EXAMPLES / "ledger" / "oxford_council_2016q3.csv"
BILL = EXAMPLES / "focus" / "focus_1_0_sample_1000.csv"
CARD = PUBLISHED / "hsbc_credit_negative_thousands.csv"
JUNK = (
    b'"', b"\n", b",", b"\x00", b"\xff", b"1,2", b"\r", b'""', b"(", b";;;", b"-", b".", b"e9",
    b"\t", b"\xc2\xa0", b"\r\n\r\n", b"'", b"0", b"Total,", b"\xef\xbb\xbf", b"NULL", b"%",
)  # fmt: skip
_PLAIN = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{1,16})?|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2})")


@dataclass(frozen=True)
class Sample:
    """A real file in some packing: what kind it is, who pays in what, and its judge."""

    content: bytes
    kind: str
    judge: Judge


def samples() -> dict[str, Sample]:
    """The files that are damaged, by name."""
    ledger, bill = _head(LEDGER, 60), _costly(BILL, "EffectiveCost", 40)
    of_ledger, of_bill = TextJudge(ledger, "Amount"), TextJudge(bill, "EffectiveCost")
    card = CARD.read_bytes()
    lines, rows = as_json_lines(ledger), _table(ledger)
    wide = ledger.decode().encode("utf-16")
    return {
        "csv": Sample(ledger, "ledger", of_ledger),
        "bill": Sample(bill, "focus", of_bill),
        "card": Sample(card, "ledger", TextJudge(card, "Billing amount")),
        "utf-16": Sample(wide, "ledger", TextJudge(wide, "Amount", "utf-16")),
        "ndjson": Sample(lines, "ledger", judge_json_lines),
        "gzip": Sample(gzip.compress(ledger), "ledger", Unchanged(of_ledger(ledger))),
        "zip": Sample(as_zip(ledger), "ledger", Unchanged(of_ledger(ledger))),
        "xlsx": Sample(as_workbook(rows), "ledger", Unchanged(of_ledger(ledger))),
        "parquet": Sample(as_parquet(rows), "ledger", judge_parquet),
        "checked parquet": Sample(as_parquet(rows, checked=True), "ledger", judge_parquet),
    }


def _head(path: Path, lines: int) -> bytes:
    return b"\n".join(path.read_bytes().split(b"\n")[:lines]) + b"\n"


def _costly(path: Path, column: str, lines: int) -> bytes:
    """The header and the first lines that cost something."""
    header, *body = path.read_bytes().split(b"\n")
    place = _table(header)[0].index(column)
    costly = [line for line in body if line and Decimal(_table(line)[0][place])]
    return b"\n".join([header, *costly[:lines]]) + b"\n"


def _table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_zip(content: bytes) -> bytes:
    """The file as the only one in an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ledger.csv", content)
    return packed.getvalue()


def as_workbook(rows: list[list[str]]) -> bytes:
    """The rows as a workbook, every cell as text."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return content.getvalue()


def as_parquet(rows: list[list[str]], *, checked: bool = False) -> bytes:
    """The rows as Parquet, every column as text, with or without checksums of its pages."""
    content = io.BytesIO()
    header, *body = rows
    columns = {name: [row[place] for row in body] for place, name in enumerate(header)}
    pq.write_table(pa.table(columns), content, write_page_checksum=checked)
    return content.getvalue()


def as_json_lines(content: bytes) -> bytes:
    """The rows as JSON lines, amounts as numbers."""
    header, *body = _table(content)
    lines = []
    for row in body:
        cells = dict(zip(header, row, strict=True))
        written = [
            f"{json.dumps(name)}: {cell if name == 'Amount' else json.dumps(cell)}"
            for name, cell in cells.items()
        ]
        lines.append("{" + ", ".join(written) + "}\n")
    return "".join(lines).encode()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The file after one to five blows: bytes flipped, put in, cut out, moved, doubled."""
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        _strike(damaged, chance)
    return bytes(damaged)


def _strike(damaged: bytearray, chance: random.Random) -> None:
    size = len(damaged)
    place, other = chance.randrange(size or 1), chance.randrange(size or 1)
    length = chance.choice((1, 2, 7, 40, 200))
    match chance.randrange(8):
        case 0 if damaged:
            damaged[place] = chance.randrange(256)
        case 1 if damaged:
            damaged[place] ^= 1 << chance.randrange(8)
        case 2:
            del damaged[place : place + length]
        case 3:
            damaged[place:place] = chance.choice(JUNK)
        case 4:
            damaged[place:place] = damaged[other : other + length]
        case 5:
            first, last = sorted((place, other))
            piece = damaged[first : first + length]
            del damaged[first : first + length]
            damaged[last:last] = piece
        case 6:
            _strike_lines(damaged, chance)
        case _ if chance.random() < 0.4:
            del damaged[place:]


def _strike_lines(damaged: bytearray, chance: random.Random) -> None:
    lines = bytes(damaged).split(b"\n")
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            lines[place], lines[other] = lines[other], lines[place]
        case 1:
            lines.insert(place, lines[other])
        case _:
            del lines[place]
    damaged[:] = b"\n".join(lines)


@dataclass(frozen=True)
class TextJudge:
    """Reads text with the standard library, and says nothing where a quote is left open."""

    original: bytes
    amount: str
    encoding: str = "utf-8-sig"

    def __call__(self, content: bytes) -> Truth | None:
        """The rows of the text; None where its header has changed or a quote is left open."""
        header = self._rows(self.original)
        rows = self._rows(content)
        if header is None or not rows or rows[0] != header[0]:
            return None
        place, width = rows[0].index(self.amount), len(rows[0])
        return {
            number: _plain(row[place]) if _fits(row, width) else None
            for number, row in enumerate(rows, start=1)
            if number > 1 and any(cell.strip() for cell in row)
        }

    def _rows(self, content: bytes) -> list[list[str]] | None:
        try:
            text = content.decode(self.encoding)
            rows = list(csv.reader(io.StringIO(text, newline="")))
        except (UnicodeError, csv.Error):
            return None
        odd = any("\n" in cell or "\r" in cell or "\0" in cell for row in rows for cell in row)
        return None if odd or _quotes_oddly(text) else rows


def _quotes_oddly(text: str) -> bool:
    return any(line.count('"') % 2 for line in text.splitlines())


def _fits(row: list[str], width: int) -> bool:
    return len(row) >= width and not any(cell.strip() for cell in row[width:])


def _plain(text: str) -> Decimal | None:
    stripped = text.strip()
    return Decimal(stripped.replace(",", "")) if _PLAIN.fullmatch(stripped) else None


def judge_json_lines(content: bytes) -> Truth | None:
    """The objects of the lines; None where a line is no line for everyone."""
    try:
        text = content.decode()
    except UnicodeError:
        return None
    if any(mark in text for mark in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0"):
        return None
    rows: dict[int, Decimal | None] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows[number] = _amount_of(line)
    return rows


def _amount_of(line: str) -> Decimal | None:
    try:
        pairs = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=list)
    except ValueError:
        return None
    if not isinstance(pairs, list) or len({key for key, _ in pairs}) < len(pairs):
        return None
    amount = dict(pairs).get("Amount")
    return _plain(amount) if isinstance(amount, str) else None


_OTHER_READER = """
import json, sys
import polars as pl
frame = pl.read_parquet(sys.argv[1], columns=["Amount"])
print(json.dumps(frame["Amount"].cast(pl.String).to_list()))
"""


def judge_parquet(content: bytes) -> Truth | None:
    """What another Parquet reader finds, where it finds anything."""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(content)
        file.flush()
        found = subprocess.run(
            [sys.executable, "-c", _OTHER_READER, file.name], capture_output=True, check=False
        )
    if found.returncode:
        return None
    amounts = json.loads(found.stdout)
    return {number: _plain(text or "") for number, text in enumerate(amounts, start=1)}


@dataclass(frozen=True)
class Unchanged:
    """The judge of files with checksums: what can be read at all is what was written."""

    truth: Truth | None

    def __call__(self, _: bytes) -> Truth | None:
        """The rows as they were before the damage."""
        return self.truth
