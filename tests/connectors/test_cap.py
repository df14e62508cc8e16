"""The kind `odata` against SAP's own OData server, which pages by itself."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.sources.connector import SourceSettings, Window
from tests.connectors import cap
from tests.connectors.pulling import pull, settings_of
from tests.simulators.faults import OF_TRANSPORT, FaultName
from tests.simulators.proxy import FaultProxy

COUNT = 2_500
REASON = cap.why_not()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=REASON or "")]


@pytest.fixture(scope="module")
def sap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with 2,500 line items."""
    with cap.cap_server(COUNT, tmp_path_factory.mktemp("cap")) as url:
        yield url


def source(url: str, **more: Any) -> SourceSettings:
    """A source over the line items."""
    config = {
        "url": url + cap.ROOT,
        "auth": {"type": "basic"},
        "entity_set": cap.ENTITY_SET,
        "watermark_field": "LastChangeDateTime",
        "backfill_field": "PostingDate",
        "overlap_seconds": 0,
    }
    return settings_of("odata", "ledger", config | more)


@pytest.mark.parametrize(
    ("page_size", "paging"), [(1000, "auto"), (60, "auto"), (5000, "client"), (1000, "server")]
)
def test_every_item_comes_once(sap: str, page_size: int, paging: str) -> None:
    pulled = pull(source(sap, page_size=page_size, paging=paging))
    assert pulled.came == len(pulled.rows) == COUNT
    assert len(pulled.pages) >= COUNT / cap.PAGE_ROWS
    total = sum(Decimal(str(row["AmountInCompanyCodeCurrency"])) for row in pulled.rows.values())
    numbers = range(1, COUNT + 1)
    assert total == sum((Decimal(n) + Decimal("0.1")) * (1 if n % 4 else -1) for n in numbers)
    assert pulled.watermark == "2026-02-02T17:40:00Z"


def test_ranges_are_asked_for(sap: str) -> None:
    later = pull(source(sap), Window(since="2026-02-02T17:00:00Z"))
    assert len(later.rows) == 41
    window = Window(since="2026-01-03", until="2026-01-04T23:59:59.999999Z", backfill=True)
    days = {row["PostingDate"] for row in pull(source(sap), window).rows.values()}
    assert days == {"2026-01-03", "2026-01-04"}


@pytest.mark.parametrize("fault", [*OF_TRANSPORT, "duplicate_page"])
def test_a_break_on_the_way_changes_nothing(sap: str, fault: FaultName) -> None:
    with FaultProxy(sap) as proxy:
        proxy.faults.plan(fault, at_request=6, times=2)
        pulled = pull(source(proxy.url, timeout_seconds=2))
        assert proxy.faults.happened == [fault] * 2
    assert pulled.came == len(pulled.rows) == COUNT


@pytest.mark.parametrize("paging", ["server", "client"])
def test_items_that_come_and_change_meanwhile_are_neither_lost_nor_doubled(
    sap: str, paging: str
) -> None:
    number = {"server": 500_000, "client": 600_000}[paging]

    def meanwhile(page: int) -> None:
        stamp = {"LastChangeDateTime": f"2026-03-{number // 50_000:02d}T10:{page:02d}:00Z"}
        early = {"AccountingDocument": f"{page:010d}"}
        cap.call(sap, "POST", body=new_item(number + page) | early | stamp)
        changed = cap.item(page * 7)
        cap.call(sap, "PATCH", path_of(changed), {"DocumentItemText": "changed", **stamp})

    first = pull(source(sap, paging=paging), between=meanwhile)
    second = pull(source(sap, paging=paging), Window(since=first.watermark))
    truth = pull(source(sap)).rows
    known = first.rows | second.rows
    assert known == truth
    assert len(truth) >= COUNT + 25


def new_item(number: int) -> dict[str, Any]:
    """A line item as it is sent."""
    return {**cap.item(1), "LedgerGLLineItem": f"{number:06d}"}


def path_of(item: dict[str, str]) -> str:
    """The address of a line item."""
    names = ("CompanyCode", "FiscalYear", "AccountingDocument", "LedgerGLLineItem")
    return "(" + ",".join(f"{name}='{item[name]}'" for name in names) + ")"
