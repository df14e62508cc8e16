"""Files as systems really write them: each is read exactly, and what is unclear is named."""

from pathlib import Path
from typing import Any

import pytest

from services.ingest.files.detected import RowBatch
from services.ingest.files.reader import open_table
from services.ingest.files.text.encoding import find_encoding
from services.ingest.imports.evidence import detected_json
from services.ingest.imports.parsing import ParsedFile, parse_file, profile_from_rules
from services.ingest.imports.reading.batch import RowPlan, RowsRead
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.lines import read_lines
from shared.contracts.ingest.profiles import ProfileRules
from shared.errors import Problem

HEAD = "Date,Amount,Supplier\n"
BODY = "2026-01-05,1541.69,HMRC\n2026-01-06,-5.00,Acme\n"


class Found:
    """A file after reading: its lines as tuples, its rejects as row and code."""

    def __init__(self, parsed: ParsedFile, batches: list[RowsRead]) -> None:
        self.parsed = parsed
        self.drafts = [row for batch in batches for row in batch.drafts.iter_rows(named=True)]
        self.rejects = [(one.row, one.code) for batch in batches for one in batch.rejects]

    def values(self, *names: str) -> list[tuple[Any, ...]]:
        """Some fields of all lines."""
        return [tuple(draft[name] for name in names) for draft in self.drafts]


def read(tmp_path: Path, content: str | bytes, encoding: str = "utf-8", **rules: Any) -> Found:
    path = tmp_path / "upload"
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    profile = None
    if rules:
        checked = ProfileRules(kind="ledger", **rules)
        profile = profile_from_rules(checked.model_dump(mode="json"), "profile")
    batches: list[RowsRead] = []

    def reader(plan: RowPlan, batch: RowBatch) -> RowsRead:
        batches.append(read_lines(plan, batch))
        return batches[-1]

    request = FileRequest("ledger", profile=profile, currency="GBP")
    parsed = parse_file(path, request, tmp_path, reader, lambda _: None, lambda _: None)
    assert parsed.received.rows == sum(
        batch.drafts.height + batch.rejected.height for batch in batches
    )
    return Found(parsed, batches)


TWO_LINES = [("2026-01-05", "1541.69", "HMRC"), ("2026-01-06", "-5.00", "Acme")]


@pytest.mark.parametrize(
    "content",
    [
        "Company,ACME Ltd\nPeriod,2026-01\n\n" + HEAD + BODY,
        "GL Detail Report\nGenerated 2026-02-01 10:00\n\n" + HEAD + BODY,
        "Posting,,Supplier\nDate,Amount,Name\n" + BODY,
        "Posting Date,Amount,Vendor\nBUDAT,DMBTR,LIFNR\n" + BODY,
        HEAD + "----------,-------,-----\n" + BODY,
        HEAD.replace(",", " | ") + "-----+-----+-----\n" + BODY.replace(",", " | "),
        "sep=;\n" + (HEAD + BODY).replace(",", ";"),
        "Date,Amount,Supplier\n'2026-01-05','1,541.69','HMRC'\n'2026-01-06','-5.00','Acme'\n",
        (HEAD + BODY).replace("\n", "\r"),
        (HEAD + BODY).replace("\n", "\r\n").replace(",", "\x1f").rstrip(),
        HEAD + BODY + "\nEnd of report\n-- 2 rows --\n",
        HEAD + BODY + "(2 rows affected)",
        HEAD + BODY + "End of report,,\nRecords: 2,,\n",
        HEAD + BODY + "\nFigures are shown before tax\n",
    ],
)
def test_titles_ruled_lines_and_closing_sentences_are_no_rows(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    assert found.rejects == []
    assert found.values("posted_on", "amount", "vendor") == TWO_LINES


def test_what_stands_below_the_table_is_listed(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + BODY + "\nEnd of report\n-- 2 rows --\n")
    assert detected_json(found.parsed)["trailer_rows"] == [
        {"row": 5, "text": "End of report"},
        {"row": 6, "text": "-- 2 rows --"},
    ]


@pytest.mark.parametrize(
    "last", ["2026-01-0", "Acm", "Total,1541.69", "2026-01-07,12", "Acme Ltd", "12.00"]
)
def test_a_row_that_breaks_off_is_a_reject_and_no_trailer(tmp_path: Path, last: str) -> None:
    found = read(tmp_path, HEAD + BODY + last)
    assert found.rejects == [(4, "malformed_row")]
    assert not found.parsed.trailer


@pytest.mark.parametrize(
    "first", ["soon,much,HMRC", "n/a,tbd,Total", "Opening balance,,", "x,y,z", "Note,Amount,Acme"]
)
def test_an_unreadable_first_row_is_a_reject_and_no_second_header(
    tmp_path: Path, first: str
) -> None:
    found = read(tmp_path, HEAD + first + "\n" + BODY)
    assert {row for row, _ in found.rejects} == {2}
    assert len(found.drafts) == 2


def test_a_header_that_comes_again_is_named_as_such(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + BODY + HEAD + "2026-01-07,3.00,C\n")
    assert found.rejects == [(4, "repeated_header")]
    assert len(found.drafts) == 3


def test_backslashes_before_quotes_are_understood_where_a_file_has_them(tmp_path: Path) -> None:
    rows = '2026-01-05,1.00,"a \\"b\\" c"\n2026-01-05,2.00,"C:\\temp"\n'
    assert read(tmp_path, HEAD + rows).values("vendor") == [('a "b" c',), ("C:\\temp",)]
    ends_with_one = '2026-01-05,1.00,"C:\\"\n2026-01-05,2.00,"a ""b"" c"\n'
    assert read(tmp_path, HEAD + ends_with_one).values("vendor") == [("C:\\",), ('a "b" c',)]


def test_codes_keep_their_zeros(tmp_path: Path) -> None:
    rows = '2026-01-05,1.00,00123\n2026-01-05,="2.00",="00124"\n2026-01-05,\'3.00,00125\n'
    found = read(tmp_path, HEAD + rows)
    assert found.values("amount", "vendor") == [
        ("1.00", "00123"), ("2.00", "00124"), ("3.00", "00125"),
    ]  # fmt: skip


def test_a_header_that_stands_twice_at_the_top_is_read_once_and_rejected_once(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, HEAD + HEAD + BODY)
    assert found.rejects == [(2, "repeated_header")]
    assert found.values("period", "amount") == [("2026-01", "1541.69"), ("2026-01", "-5.00")]


GERMAN = "Datum;Betrag;Lieferant\n05.01.2026;1.234,50;Müller & Söhne\n31.01.2026;5,00;Straße\n"
BRITISH = "Date,Amount,Supplier\n2026-01-05,£5.00,Café Nero\n2026-01-06,£6.00,B\n"
MANY_LANGUAGES = (
    "Date;Amount;Supplier\n05.01.2026;5,00;Compañía Núñez Straße\n06.01.2026;6,00;Ærø Ærø\n"
)
POLISH = "Data;Kwota;Dostawca\n05.01.2026;5,00;Spółka Łódź usługi księgowe\n"
CZECH = "Datum;Částka;Dodavatel\n05.01.2026;5,00;Příliš žluťoučký kůň\n"
RUSSIAN = "Дата;Сумма;Поставщик\n05.01.2026;5,00;ООО Ромашка услуги\n"
KOREAN = "날짜,금액,거래처\n2026-01-05,5,주식회사 삼성 전자\n2026-01-06,7,서비스 이용료\n"
JAPANESE = "日付,金額,取引先\n2026-01-05,1541,株式会社サンプル\n2026-01-06,20,トヨタ自動車\n"
TAIWANESE = "日期,金額,供應商\n2026-01-05,1541,臺灣積體電路\n2026-01-06,20,網路服務\n"
CHINESE = "日期,金额,供应商\n2026-01-05,1541.69,上海软件\n2026-01-06,-5.00,北京网络\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (GERMAN, "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be cp1252 cp850"),
        (BRITISH, "utf-8 cp1252"),
        (MANY_LANGUAGES, "utf-8 cp1252"),
        (POLISH, "utf-8 cp1250 iso8859_2"),
        (CZECH, "cp1250"),
        (RUSSIAN, "cp1251 koi8_r"),
        (KOREAN, "utf-8 cp949"),
        (JAPANESE, "utf-8 cp932 euc_jp"),
        (TAIWANESE, "utf-8 big5"),
        (CHINESE, "utf-8 gb18030 utf-16-le utf-16-be utf-16"),
    ],
)
def test_an_encoding_is_known_by_its_letters(tmp_path: Path, text: str, encodings: str) -> None:
    for encoding in encodings.split():
        path = tmp_path / "upload"
        path.write_bytes(text.encode(encoding))
        assert path.read_bytes().decode(find_encoding(path).name).lstrip("\ufeff") == text, encoding
        found = read(tmp_path, text, encoding)
        assert found.rejects == []


def test_rows_of_two_encodings_in_one_file_are_never_wrong_letters(tmp_path: Path) -> None:
    content = (HEAD + "2026-01-05,1.00,Müller\n").encode() + "2026-01-05,2.00,Café\n".encode(
        "cp1252"
    )
    found = read(tmp_path, content)
    assert found.values("vendor") == [("Müller",)]
    assert found.rejects == [(3, "malformed_row")]
    with open_table(tmp_path / "upload") as table:
        assert table.detected.confidence < 0.5


def test_an_amount_marked_with_another_currency_is_refused(tmp_path: Path) -> None:
    rows = "2026-01-05,£5.00,A\n2026-01-05,USD 5.00,B\n2026-01-05,GBP 7.00 CR,C\n2026-01-05,€1,D\n"
    found = read(tmp_path, HEAD + rows)
    assert found.values("amount") == [("5.00",), ("-7.00",)]
    assert found.rejects == [(3, "currency_differs"), (5, "currency_differs")]


@pytest.mark.parametrize(
    ("column", "dates"),
    [
        ("03/04/2016 04/05/2016", None),
        ("03/04/2016 13/05/2016", ["2016-04-03", "2016-05-13"]),
        ("03/04/2016 04/13/2016", ["2016-03-04", "2016-04-13"]),
        ("16-01-31 16-02-28 16-03-31", None),
        ("99-01-31 98-02-28", ["1999-01-31", "1998-02-28"]),
        ("2016-13-01 2016-01-01", ["not_a_date", "2016-01-01"]),
        ("42400 2016-01-31 2016-02-01", ["not_a_date", "2016-01-31", "2016-02-01"]),
        ("05.01.2026 06.02.2026", ["2026-01-05", "2026-02-06"]),
        ("5-Jan-2026 5-Mär-2026 5-août-2026", ["2026-01-05", "2026-03-05", "2026-08-05"]),
        ("2026年1月5日 ２０２６-01-06", ["2026-01-05", "2026-01-06"]),
    ],
)
def test_a_date_is_read_or_refused_but_never_guessed(
    tmp_path: Path, column: str, dates: list[str] | None
) -> None:
    texts = column.split()
    found = read(tmp_path, HEAD + "".join(f"{text},1.00,A\n" for text in texts))
    expected = dates or ["ambiguous_date"] * len(texts)
    codes = [code for code in expected if not code[0].isdigit()]
    assert [code for _, code in found.rejects] == codes
    assert [day for (day,) in found.values("posted_on")] == [d for d in expected if d[0].isdigit()]


def test_another_column_tells_how_dates_and_numbers_are_written(tmp_path: Path) -> None:
    text = "Date;Amount;Invoiced;VAT\n01/02/2016;1.234;28/01/2016;12,50\n03/02/2016;2.345;;1,10\n"
    found = read(tmp_path, text)
    assert found.values("posted_on", "amount") == [("2016-02-01", "1234"), ("2016-02-03", "2345")]


@pytest.mark.parametrize(
    ("rules", "content", "expected"),
    [
        ({"decimal": ","}, "05.01.2026;1.234;A", ("2026-01-05", "1234", "A")),
        ({"decimal": "."}, "05.01.2026;1.234;A", ("2026-01-05", "1.234", "A")),
        ({"thousands": "."}, "05.01.2026;1.234;A", ("2026-01-05", "1234", "A")),
        ({"thousands": " "}, "05.01.2026;1.234;A", ("2026-01-05", "1.234", "A")),
        ({"thousands": "'"}, "05.01.2026;1'234,567;A", ("2026-01-05", "1234.567", "A")),
        ({"thousands": ""}, "05.01.2026;1,234;A", ("2026-01-05", "1.234", "A")),
        ({"date_format": "%m/%d/%Y"}, "03/04/2026;1.00;A", ("2026-03-04", "1.00", "A")),
        ({"date_format": "%d/%m/%Y"}, "03/04/2026;1.00;A", ("2026-04-03", "1.00", "A")),
        ({"date_format": "%y-%m-%d"}, "16-01-31;1.00;A", ("2016-01-31", "1.00", "A")),
        ({"date_format": "excel"}, "42400;1.00;A", ("2016-01-31", "1.00", "A")),
        ({"delimiter": ";"}, "05.01.2026;1.00;A,B,C", ("2026-01-05", "1.00", "A,B,C")),
        ({"sign": "reversed"}, "05.01.2026;1.00;A", ("2026-01-05", "-1.00", "A")),
    ],
)
def test_what_a_profile_says_rules_over_what_is_found(
    tmp_path: Path, rules: dict[str, Any], content: str, expected: tuple[str, str, str]
) -> None:
    columns = {"posted_on": "Date", "amount": "Amount", "vendor": "Supplier"}
    found = read(tmp_path, HEAD.replace(",", ";") + content + "\n", columns=columns, **rules)
    assert found.values("posted_on", "amount", "vendor") == [expected], found.rejects


@pytest.mark.parametrize(
    "rules", [{"decimal": ".", "thousands": "'"}, {"thousands": ""}, {"decimal": ","}]
)
def test_numbers_that_do_not_keep_to_the_profile_are_refused(
    tmp_path: Path, rules: dict[str, str]
) -> None:
    columns = {"posted_on": "Date", "amount": "Amount"}
    text = HEAD.replace(",", ";") + "2026-01-05;1,234.50;A\n"
    found = read(tmp_path, text, columns=columns, **rules)
    assert found.rejects == [(2, "not_a_decimal")]


def test_a_profile_names_the_encoding(tmp_path: Path) -> None:
    columns = {"posted_on": "Date", "amount": "Amount", "vendor": "Supplier"}
    content = (HEAD + "2026-01-05,1.00,Łódź\n").encode("cp1250")
    found = read(tmp_path, content, columns=columns, encoding="cp1250")
    assert found.values("vendor") == [("Łódź",)]


def test_a_profile_names_the_header_row_or_that_there_is_none(tmp_path: Path) -> None:
    text = "Date,Amount,Supplier\nBooked,Paid,Payee\n2026-01-05,1.00,A\n"
    columns = {"posted_on": "Booked", "amount": "Paid"}
    found = read(tmp_path, text, columns=columns, header_row=2)
    assert found.values("posted_on", "amount") == [("2026-01-05", "1.00")]
    numbered = {"posted_on": "column_1", "amount": "column_2"}
    found = read(
        tmp_path, "x,y,z\n2026-01-05,1.00,A\n", columns=numbered, header_row=0, skip_rows=1
    )
    assert found.values("posted_on", "amount") == [("2026-01-05", "1.00")]
    with pytest.raises(Problem) as caught:
        read(tmp_path, text, columns=columns, header_row=99)
    assert caught.value.code == "no_header"


def test_a_profile_skips_rows_before_the_header_is_looked_for(tmp_path: Path) -> None:
    text = "Date,Amount,Supplier\n2020-01-05,9.00,Old\n\nDate,Amount,Supplier\n2026-01-05,1.00,A\n"
    columns = {"posted_on": "Date", "amount": "Amount"}
    found = read(tmp_path, text, columns=columns, skip_rows=3)
    assert found.values("posted_on", "amount") == [("2026-01-05", "1.00")]


def test_a_profile_names_the_identity_and_the_sign(tmp_path: Path) -> None:
    text = "Doc,Line,Date,Amount,Side\n7,1,2026-01-05,5.00,S\n7,2,2026-01-05,3.00,H\n7,3,,,X\n"
    found = read(
        tmp_path,
        text,
        columns={"posted_on": "Date", "amount": "Amount"},
        identity=["Doc", "Line"],
        sign={"flag_column": "Side", "debit": "S", "credit": "H"},
    )
    assert found.values("external_id", "amount") == [("7|1", "5.00"), ("7|2", "-3.00")]
    assert (4, "unknown_code") in found.rejects
