"""The kind `odata` against a server that others wrote: mock-sap, versions 2 and 4."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.sources.connector import SourceSettings, Window
from shared.clients.outside.auth import Secret
from shared.errors import RuleBroken
from tests.connectors.pulling import READER, first_look, pull, pull_with_one, settings_of
from tests.running import outside_environment
from tests.simulators.faults import OF_TRANSPORT, FaultName
from tests.simulators.proxy import FaultProxy

ITEMS = {
    "url": "/sap/opu/odata/sap/API_OPLACCTGDOCITEMCUBE_SRV",
    "entity_set": "A_OperationalAcctgDocItemCube",
    "amount_field": "AmountInTransactionCurrency",
    "currency_field": "TransactionCurrency",
    "amount_sign": "debit_credit",
    "sap_client": "100",
}
ORDERS_V4 = {
    "url": "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/api_salesorder/0001",
    "entity_set": "SalesOrderItem",
}


@contextmanager
def mock_sap(*options: str) -> Iterator[str]:
    """A server of its own on a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mocksap", "--port", str(port), "-q", *options]
    process = subprocess.Popen(command, env=outside_environment(), stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def sap() -> Iterator[str]:
    """A system that wants a user and a password."""
    with mock_sap("--auth", "reader:secret") as url:
        yield url


def source(base: str, said: dict[str, Any], **more: Any) -> SourceSettings:
    """A source over one of the services."""
    config = {"auth": {"type": "basic"}, **said, "url": base + said["url"], **more}
    return settings_of("odata", "ledger", config, secret=READER)


def read_plainly(base: str, said: dict[str, Any]) -> list[dict[str, Any]]:
    """All entities of a set, by the standard library alone."""
    opener = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    opener.add_password(None, base, "reader", "secret")
    client = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(opener))
    with client.open(f"{base}{said['url']}/{said['entity_set']}?$format=json", timeout=10) as found:
        document = json.loads(found.read(), parse_float=Decimal)
    return list(document["d"]["results"] if "d" in document else document["value"])


@pytest.mark.parametrize("page_size", [5, 1000])
def test_every_open_item_comes_once_with_its_amount(sap: str, page_size: int) -> None:
    pulled = pull(source(sap, ITEMS, page_size=page_size))
    truth = read_plainly(sap, ITEMS)
    assert pulled.came == len(truth) == 18
    for row in truth:
        names = ("AccountingDocument", "CompanyCode", "FiscalYear", "AccountingDocumentItem")
        found = pulled.rows[("/".join(row[name] for name in names),)]
        assert found["AmountInTransactionCurrency"] == row["AmountInTransactionCurrency"]
        assert found["PostingDate"].startswith("202")


@pytest.mark.parametrize("page_size", [7, 1000])
def test_version_4_comes_whole_too(sap: str, page_size: int) -> None:
    pulled = pull(source(sap, ORDERS_V4, page_size=page_size))
    truth = read_plainly(sap, ORDERS_V4)
    assert pulled.came == len(pulled.rows) == len(truth)
    assert sum(Decimal(row["NetAmount"]) for row in pulled.rows.values()) == sum(
        row["NetAmount"] for row in truth
    )


def test_a_backfill_asks_for_its_range_only(sap: str) -> None:
    days = sorted(str(row["PostingDate"]) for row in pull(source(sap, ITEMS)).rows.values())
    window = Window(since=days[4], until=days[9], backfill=True)
    found = pull(source(sap, ITEMS, backfill_field="PostingDate"), window)
    assert sorted(str(row["PostingDate"]) for row in found.rows.values()) == [
        day for day in days if days[4] <= day <= days[9]
    ]


def test_a_first_look_counts_the_items(sap: str) -> None:
    found = first_look(source(sap, ITEMS))
    assert (found.rows, found.total) == (5, 18)


def test_amounts_that_only_a_flag_signs_are_refused_as_signed_ones(sap: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        first_look(source(sap, ITEMS, amount_sign="signed"))
    assert refused.value.code == "unsigned_amounts"


@pytest.mark.parametrize("fault", [*OF_TRANSPORT, "duplicate_page"])
def test_a_break_on_the_way_changes_nothing(sap: str, fault: FaultName) -> None:
    undisturbed = pull(source(sap, ITEMS, page_size=5)).rows
    with FaultProxy(sap) as proxy:
        proxy.faults.slow_seconds = 1.3
        proxy.faults.plan(fault, at_request=2)
        pulled = pull(source(proxy.url, ITEMS, page_size=5, timeout_seconds=1))
        assert proxy.faults.happened == [fault]
    assert pulled.rows == undisturbed


def test_tokens_are_fetched_and_renewed() -> None:
    secret = Secret(parts={"client_id": "reader", "client_secret": "secret"})
    with mock_sap("--oauth", "reader:secret", "--token-ttl", "1") as url:
        auth = {"type": "oauth2", "token_url": f"{url}/sap/bc/sec/oauth2/token"}
        config = {**ITEMS, "url": url + ITEMS["url"], "auth": auth, "page_size": 9}
        settings = settings_of("odata", "ledger", config, secret=secret)
        pulled = pull_with_one(settings, between=lambda: time.sleep(0.6))
    assert len(pulled.rows) == 18
