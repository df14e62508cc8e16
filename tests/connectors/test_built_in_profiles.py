"""Sources without a profile of their own: what the built-in ones make of them."""

from collections.abc import Iterator

import pytest

from tests.connectors.feeds import ODataFeed, everything, open_sources, sync
from tests.running import LiveServices, ServiceUnderTest
from tests.simulators.incidents import department_table, sys_id
from tests.simulators.servicenow import ServiceNowSimulator, SimulatedTable

SERVERS = ("sys_id", "name", "sys_class_name", "install_status", "serial_number", "vendor", "cost",
           "cost_cc", "purchase_date", "department", "sys_updated_on")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _open(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with open_sources(tmp_path_factory.mktemp("listed")):
        yield


def server_table() -> SimulatedTable:
    """Two servers, one without a price."""
    table = SimulatedTable(
        fields=SERVERS,
        displays={
            "sys_class_name": {"cmdb_ci_server": "Server"},
            "install_status": {"1": "Installed"},
            "vendor": {"v1": "Dell"},
        },
    )
    for number, cost in ((1, "12345678901234567.89"), (2, "")):
        table.put(
            {
                "sys_id": sys_id("server", number),
                "name": f"db-{number:02d}",
                "sys_class_name": "cmdb_ci_server",
                "install_status": "1",
                "serial_number": f"SN{number}",
                "vendor": "v1",
                "cost": cost,
                "cost_cc": "EUR" if cost else "",
                "purchase_date": "2024-05-01",
                "department": sys_id("department", 2),
                "sys_updated_on": "2026-01-01 06:00:00",
            }
        )
    return table


@pytest.fixture(scope="module")
def instance() -> Iterator[ServiceNowSimulator]:
    """An instance with departments and servers."""
    tables = {"cmn_department": department_table(), "cmdb_ci_server": server_table()}
    with ServiceNowSimulator(tables) as running:
        yield running


def add(ingest: ServiceUnderTest, instance: ServiceNowSimulator, table: str, kind: str) -> str:
    """A source over a table; its path."""
    body = {
        "code": table, "kind": "servicenow", "maps_to": kind,
        "secret_ref": "env:BTIM_SOURCE_READER",
        "config": {"url": instance.url, "auth": {"type": "basic"}, "table": table},
    }  # fmt: skip
    answer = ingest.post("/v1/sources", json=body)
    assert answer.status_code == 201, answer.text
    return f"/v1/sources/{answer.json()['id']}"


def test_configuration_items_become_assets(
    ingest: ServiceUnderTest, instance: ServiceNowSimulator
) -> None:
    done = sync(ingest, add(ingest, instance, "cmdb_ci_server", "assets"))
    assert done["status"] == "succeeded", done
    assets = {asset["code"]: asset for asset in everything(ingest, "/v1/assets")}
    found = assets[sys_id("server", 1)]
    names = ("name", "class", "status", "vendor", "serial_number", "cost", "currency", "consumer")
    assert [found[name] for name in names] == [
        "db-01", "Server", "Installed", "Dell", "SN1", "12345678901234567.89", "EUR",
        sys_id("department", 2),
    ]  # fmt: skip
    assert (found["purchased_on"], assets[sys_id("server", 2)]["cost"]) == ("2024-05-01", None)


def test_line_items_become_cost_lines_that_lead_back_to_their_documents(
    ingest: ServiceUnderTest,
) -> None:
    feed = ODataFeed(1)
    with feed.server:
        assert sync(ingest, feed.add(ingest))["status"] == "succeeded"
    lines = {line["external_id"]: line for line in everything(ingest, "/v1/cost-lines")}
    line = lines["1710/2026/0100000003/000007"]
    names = ("amount", "currency", "posted_on", "period", "account", "cost_center", "vendor",
             "document", "description")  # fmt: skip
    assert [line[name] for name in names] == [
        "12345678901234567.89", "EUR", "2026-01-12", "2026-01", "0065008420", "17102101",
        "17300001", "0100000003", "Licence № 7",
    ]  # fmt: skip
    assert line["fields"]["FiscalYear"] == "2026"
    assert lines["1710/2026/0100000004/000008"]["amount"] == "-8.1"


def test_amounts_that_a_flag_signs_become_negative_credits(ingest: ServiceUnderTest) -> None:
    feed = ODataFeed(2)
    for row in feed.server.entities.rows:
        row["AmountInCompanyCodeCurrency"] = abs(row["AmountInCompanyCodeCurrency"])
    with feed.server:
        refused = sync(ingest, feed.add(ingest))
        assert (refused["status"], refused["problem"]["code"]) == ("failed", "unsigned_amounts")
        feed.code += "-flagged"
        done = sync(ingest, feed.add(ingest, amount_sign="debit_credit"))
        assert done["status"] == "succeeded", done
    for row in feed.server.entities.rows[3::4]:
        row["AmountInCompanyCodeCurrency"] *= -1
    assert feed.arrived(ingest) == feed.truth()


# The last of the module: its workers take the jobs of every other test from here on.
def test_departments_become_consumers_below_their_parents(
    services: LiveServices, ingest: ServiceUnderTest, instance: ServiceNowSimulator
) -> None:
    path = add(ingest, instance, "cmn_department", "consumers")
    done = services.ingest.post(f"{path}/syncs?wait=30", json={}).json()
    assert done["status"] == "succeeded", done
    found = services.allocation.get(f"/v1/consumers?code={sys_id('department', 2)}").json()["items"]
    assert [(one["name"], one["parent"]) for one in found] == [("Finance", sys_id("department", 1))]
