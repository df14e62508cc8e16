"""The simulated ServiceNow is accepted by an independent client before our own reads from it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pysnc import ServiceNowClient  # type: ignore[import-untyped]
from pysnc.exceptions import (  # type: ignore[import-untyped]
    AuthenticationException,
    RequestException,
    RoleException,
)
from requests.adapters import HTTPAdapter

from tests.simulators.incidents import incident_table, sys_id
from tests.simulators.servicenow import ServiceNowSimulator, SimulatedTable

NAME = "https://instance.example"
READER = ("reader", "secret")


class Loopback(HTTPAdapter):
    """Carries what is meant for the instance to the simulator; the client insists on https."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send to loopback."""
        request.url = request.url.replace(NAME, self._url)
        return super().send(request, **options)


@pytest.fixture(scope="module")
def instance() -> Iterator[ServiceNowSimulator]:
    """A simulator with 25 incidents and a table that nobody may read."""
    tables = {"incident": incident_table(25), "sys_user": SimulatedTable(fields=())}
    with ServiceNowSimulator(tables) as running:
        yield running


def client_of(instance: ServiceNowSimulator, *, user: tuple[str, str] = READER) -> Any:
    """The independent client, logged in."""
    session = requests.Session()
    session.auth = user
    session.mount(NAME, Loopback(instance.url))
    return ServiceNowClient(NAME, session, auto_retry=False)


def test_the_independent_client_reads_every_row_once_over_pages(
    instance: ServiceNowSimulator,
) -> None:
    before = len(instance.data_requests())
    found = client_of(instance).GlideRecord("incident", batch_size=10)
    found.query()
    numbers = [str(row.number) for row in found]
    assert sorted(numbers) == [f"INC{number:07d}" for number in range(1, 26)]
    assert len(instance.data_requests()) - before == 3


def test_the_independent_client_filters_and_orders(instance: ServiceNowSimulator) -> None:
    found = client_of(instance).GlideRecord("incident")
    either = found.add_query("priority", "1")
    either.add_or_condition("priority", "2")
    found.add_query("sys_updated_on", ">=", "2026-01-01 07:00:00")
    found.order_by_desc("number")
    found.query()
    numbers = [int(str(row.number)[3:]) for row in found]
    assert numbers == [n for n in range(25, 0, -1) if n % 4 in {0, 1} and 7 * n + 1 >= 60]


def test_the_independent_client_reads_values_displays_and_references(
    instance: ServiceNowSimulator,
) -> None:
    found = client_of(instance).GlideRecord("incident")
    assert found.get(sys_id("incident", 4))
    assert found.get_value("state") == "7"
    assert found.get_display_value("state") == "Closed"
    assert found.get_display_value("assignment_group") == "Database"
    assert found.get_value("assignment_group") == sys_id("group", 1)
    # Values are in UTC, what is displayed is in the zone of the user.
    assert found.get_value("opened_at") == "2026-01-01 06:28:00"
    assert found.get_display_value("opened_at") == "2025-12-31 22:28:00"


def test_the_independent_client_asks_for_fields_and_counts(instance: ServiceNowSimulator) -> None:
    found = client_of(instance).GlideRecord("incident")
    found.fields = ["number", "no_such_field"]
    found.limit = 2
    found.query()
    assert found.get_row_count() == 25
    assert [sorted(row.serialize()) for row in found] == [["number", "sys_id"]] * 2


def test_an_invalid_part_of_a_query_is_dropped_without_a_word(
    instance: ServiceNowSimulator,
) -> None:
    found = client_of(instance).GlideRecord("incident")
    found.add_query("no_such_field", "1")
    found.query()
    assert found.get_row_count() == 25


def test_the_independent_client_understands_the_refusals(instance: ServiceNowSimulator) -> None:
    with pytest.raises(AuthenticationException):
        client_of(instance, user=("reader", "wrong")).GlideRecord("incident").query()
    with pytest.raises(RoleException):
        client_of(instance).GlideRecord("sys_user").query()
    with pytest.raises(RequestException):
        client_of(instance).GlideRecord("no_such_table").query()
    assert not client_of(instance).GlideRecord("incident").get("0" * 32)


def test_the_independent_client_logs_in_by_client_credentials(
    instance: ServiceNowSimulator,
) -> None:
    token = requests.post(
        f"{instance.url}/oauth_token.do",
        data={
            "grant_type": "client_credentials",
            "client_id": "client",
            "client_secret": "client-secret",
        },
        timeout=10,
    ).json()
    session = requests.Session()
    session.headers["Authorization"] = f"{token['token_type']} {token['access_token']}"
    session.mount(NAME, Loopback(instance.url))
    found = ServiceNowClient(NAME, session, auto_retry=False).GlideRecord("incident")
    found.query()
    assert found.get_row_count() == 25
