"""The kind `odata`: exactly the line items of a journal, of both versions, paged by either side."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.sources.connector import SourceSettings, Window
from services.ingest.sources.kinds.odata_metadata import entity_type_of
from services.ingest.sources.kinds.odata_values import instant_of, literal, plain_row
from shared.clients.outside.problems import SourceAnsweredBadly
from shared.errors import Problem, RuleBroken
from tests.connectors.pulling import first_look, pull, settings_of
from tests.simulators.journal import BEGIN, TRAP, journal, line_item
from tests.simulators.odata import ODataSimulator

COUNT = 90
VERSIONS = pytest.mark.parametrize("version", [2, 4])
PAGERS = pytest.mark.parametrize("page_rows", [25, None], ids=["server pages", "we page"])


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[ODataSimulator]:
    """A journal of 90 line items."""
    given = getattr(request.node, "callspec", None)
    callspec = given.params if given else {}
    with ODataSimulator(
        journal(COUNT),
        callspec.get("version", 4),
        page_rows=callspec.get("page_rows", 25),
        relative_links=callspec.get("version", 4) == 4,
    ) as running:
        yield running


def source(service: ODataSimulator, maps_to: str = "ledger", **config: object) -> SourceSettings:
    """A source over the line items, 40 a page where we page."""
    said = {
        "url": service.root,
        "auth": {"type": "basic"},
        "entity_set": service.entities.name,
        "watermark_field": "LastChangeDateTime",
        "page_size": 40,
    }
    return settings_of("odata", maps_to, said | config)


def numbers(rows: dict[tuple[Any, ...], Any]) -> list[int]:
    """The item numbers of some rows."""
    return sorted(int(row["LedgerGLLineItem"]) for row in rows.values())


@VERSIONS
@PAGERS
def test_every_item_comes_once_with_its_exact_amount(
    service: ODataSimulator, version: int, page_rows: int | None
) -> None:
    pulled = pull(source(service))
    assert pulled.came == COUNT
    assert numbers(pulled.rows) == list(range(1, COUNT + 1))
    row = pulled.rows[("1710/2026/0100000003/000007",)]
    assert Decimal(row["AmountInCompanyCodeCurrency"]) == TRAP
    assert not any(isinstance(value, float) for found in pulled.rows.values() for value in found)
    assert row["PostingDate"] == "2026-01-12"
    assert row["MasterFixedAsset"] is None  # no such property here, and the profile maps it
    assert "to_Header" not in row
    assert "@odata.etag" not in row
    assert pulled.watermark == "2026-01-05T09:30:00Z"


@VERSIONS
@PAGERS
def test_the_next_pull_asks_from_a_margin_before_the_watermark(
    service: ODataSimulator, version: int, page_rows: int | None
) -> None:
    rows = service.entities.rows
    rows[4] = line_item(5, changed_at=BEGIN + timedelta(minutes=95))
    rows.append(line_item(91, changed_at=BEGIN + timedelta(minutes=89, seconds=30)))
    second = pull(source(service, overlap_seconds=30), Window(since="2026-01-05T09:30:00Z"))
    assert numbers(second.rows) == [5, 90, 91]


@VERSIONS
@PAGERS
def test_items_that_come_and_change_while_they_are_pulled_are_neither_lost_nor_doubled(
    service: ODataSimulator, version: int, page_rows: int | None
) -> None:
    rows = service.entities.rows

    def meanwhile(page: int) -> None:
        at = BEGIN + timedelta(days=page)
        rows.append(line_item(1000 + page, changed_at=at, AccountingDocument="0000000001"))
        number = 5 * page % COUNT
        rows[number] = line_item(number + 1, changed_at=at, DocumentItemText="changed")

    first = pull(source(service), between=meanwhile)
    known = first.rows | pull(source(service), Window(since=first.watermark)).rows
    assert numbers(known) == sorted(int(row["LedgerGLLineItem"]) for row in rows)
    changed = {number for number, row in enumerate(rows) if row["DocumentItemText"] == "changed"}
    assert {int(r["LedgerGLLineItem"]) - 1 for r in known.values() if "chan" in str(r)} == changed


@pytest.mark.parametrize("page_rows", [None])
def test_where_we_page_items_that_are_deleted_meanwhile_hide_no_others(
    service: ODataSimulator, page_rows: int | None
) -> None:
    rows = service.entities.rows

    def meanwhile(page: int) -> None:
        if page == 1:
            del rows[10:30]
        elif page == 3:
            del rows[:45]

    pulled = pull(source(service, page_size=20), between=meanwhile)
    assert set(numbers(pulled.rows)) >= {int(row["LedgerGLLineItem"]) for row in rows}


@VERSIONS
def test_a_backfill_asks_for_its_range_only(service: ODataSimulator, version: int) -> None:
    window = Window(since="2026-01-10", until="2026-01-11", backfill=True)
    config = {"backfill_field": "PostingDate", "filter": "CompanyCode eq '1710' or GLAccount eq ''"}
    days = {row["PostingDate"] for row in pull(source(service, **config), window).rows.values()}
    assert days == {"2026-01-10", "2026-01-11"}


def test_links_are_followed_though_fewer_were_asked_for(service: ODataSimulator) -> None:
    pulled = pull(source(service, paging="client", page_size=40))
    assert pulled.came == len(pulled.rows) == COUNT


@VERSIONS
def test_amounts_without_signs_are_refused_until_the_config_says_so(
    service: ODataSimulator, version: int
) -> None:
    for row in service.entities.rows:
        row["AmountInCompanyCodeCurrency"] = abs(row["AmountInCompanyCodeCurrency"])
    with pytest.raises(RuleBroken) as refused:
        pull(source(service))
    assert refused.value.code == "unsigned_amounts"
    assert pull(source(service, amount_sign="debit_credit")).came == COUNT


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"entity_set": "NoSuchSet"}, "unknown_entity_set"),
        ({"watermark_field": "ChangedOn"}, "unknown_property"),
        ({"filter": "Nothing eq 1"}, "source_says_no"),
        ({"entity_set": "A_JournalEntryItemBasic"}, "no_document_number"),
    ],
)
@pytest.mark.parametrize("page_rows", [25])
def test_what_cannot_be_read_is_told(
    service: ODataSimulator, page_rows: int, config: dict[str, str], code: str
) -> None:
    with pytest.raises(Problem) as refused:
        pull(source(service, **config))
    assert refused.value.code == code


@VERSIONS
def test_a_first_look_tells_the_columns_and_what_is_missing(
    service: ODataSimulator, version: int
) -> None:
    found = first_look(source(service))
    assert (found.rows, found.total) == (5, COUNT)
    assert "AmountInCompanyCodeCurrency" in found.columns
    assert any("MasterFixedAsset" in note for note in found.notes)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        b"<x><y></x>",
        b"<html>log in",
    ],
)
def test_metadata_that_reaches_for_more_is_refused(document: bytes) -> None:
    with pytest.raises(SourceAnsweredBadly):
        entity_type_of(document, "Items")


def test_the_key_and_types_may_come_from_a_base_type() -> None:
    document = b"""<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
      <Schema><EntityType Name="Base"><Key><PropertyRef Name="ID"/></Key>
      <Property Name="ID" Type="Edm.Guid"/></EntityType>
      <EntityType Name="Item" BaseType="x.Base"><Property Name="At" Type="Edm.Date"/></EntityType>
      <EntitySet Name="Items" EntityType="x.Item"/></Schema></edmx:Edmx>"""
    found = entity_type_of(document, "Items")
    assert (found.key, found.version) == (("ID",), 4)
    assert found.types == {"ID": "Edm.Guid", "At": "Edm.Date"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/Date(1767225600000)/", "2026-01-01"),
        ("/Date(1767225600000+0000)/", "2026-01-01T00:00:00Z"),
        ("/Date(1767222000000+0060)/", "2026-01-01T00:00:00+01:00"),
        ("/Date(-86400000)/", "1969-12-31"),
        ("/Date(1767258061500)/", "2026-01-01T09:01:01.500000Z"),
        ("/Date(99999999999999999)/", "/Date(99999999999999999)/"),
        (Decimal("12345678901234567.89"), TRAP),
        (None, None),
    ],
)
def test_values_become_what_files_write(value: Any, shown: Any) -> None:
    assert plain_row({"At": value, "__metadata": {"uri": "x"}}) == {"At": shown}


def test_structures_and_expanded_entities_become_columns() -> None:
    row = {
        "ID": "1",
        "Address": {"__metadata": {"type": "CT"}, "City": "Walldorf"},
        "to_Header": {"PostingDate": "/Date(1767225600000)/", "to_More": {"__deferred": {}}},
        "to_Items": {"__deferred": {"uri": "x"}},
        "Amount@odata.type": "#Decimal",
    }
    assert plain_row(row) == {
        "ID": "1",
        "Address/City": "Walldorf",
        "to_Header/PostingDate": "2026-01-01",
    }


@pytest.mark.parametrize(
    ("value", "kind", "version", "written"),
    [
        ("/Date(1767262515000)/", "Edm.DateTime", 2, "datetime'2026-01-01T10:15:15'"),
        ("/Date(1767262515000+0060)/", "Edm.DateTimeOffset", 2,
         "datetimeoffset'2026-01-01T10:15:15Z'"),
        ("2026-01-01T10:15:15.25Z", "Edm.DateTimeOffset", 4, "2026-01-01T10:15:15.250000Z"),
        ("2026-01-01", "Edm.Date", 4, "2026-01-01"),
        ("20260101101515", "Edm.String", 2, "'20260101101515'"),
        ("20260101", "Edm.String", 2, "'20260101'"),
        ("2026-01-01T10:15:15Z", "Edm.String", 4, "'2026-01-01T10:15:15Z'"),
        ("20260101101515.1234567", "Edm.Decimal", 2, "20260101101515M"),
        (Decimal("20260101101515.1234567"), "Edm.Decimal", 4, "20260101101515"),
    ],
)  # fmt: skip
def test_instants_are_read_and_written_in_every_form_that_change_stamps_have(
    value: Any, kind: str, version: int, written: str
) -> None:
    at = instant_of(value, kind)
    assert at is not None
    assert literal(at, kind, version, value) == written


@pytest.mark.parametrize("value", ["", None, "0", "00000000000000", "soon", "20261301"])
def test_blank_change_stamps_are_none(value: Any) -> None:
    assert instant_of(value, "Edm.String") is None
