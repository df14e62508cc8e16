"""The same few facts behind each kind of source: what it is told, what it holds, what arrived."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.settings import get_settings
from tests.running import ServiceUnderTest
from tests.simulators.faults import FaultPlan
from tests.simulators.incidents import incident_table
from tests.simulators.journal import journal
from tests.simulators.ledger_api import LedgerApi, config_of
from tests.simulators.ledger_api import posting as posting_of_api
from tests.simulators.odata import ODataSimulator
from tests.simulators.server import SimulatedServer
from tests.simulators.servicenow import ServiceNowSimulator

COUNT = 66
PAGE_ROWS = 10
PASSWORD = '{"user": "reader", "password": "secret"}'
TOKEN = "open sesame"
Facts = dict[str, tuple[str, ...]]


class Feed:
    """One source of facts for one test. `code` names the source and is part of no other's."""

    maps_to = "ledger"
    kind = ""
    secret: str | None = "env:BTIM_SOURCE_READER"
    profile: str | None = None

    def __init__(self, number: int, server: SimulatedServer) -> None:
        self.number = number
        self.code = f"{type(self).__name__}-{number}"
        self.server = server

    @property
    def faults(self) -> FaultPlan:
        """What is to go wrong."""
        return self.server.faults

    def config(self) -> dict[str, Any]:
        """What the source is told."""
        raise NotImplementedError

    def truth(self) -> Facts:
        """What it holds, as our service is to show it."""
        raise NotImplementedError

    def arrived(self, ingest: ServiceUnderTest) -> Facts:
        """What our service shows: the live lines of this source by their external id."""
        found: Facts = {}
        for line in everything(ingest, "/v1/cost-lines", source=self.code):
            assert line["external_id"] not in found, f"{line['external_id']} came twice"
            shown = (line["amount"], line["posted_on"], line["account"], line["description"])
            found[line["external_id"]] = shown
        return found

    def add(self, ingest: ServiceUnderTest, **more: Any) -> str:
        """The source, added to the service; its path."""
        body = {
            "code": self.code, "kind": self.kind, "config": {**self.config(), **more},
            "secret_ref": self.secret, "maps_to": self.maps_to, "profile": self.profile,
        }  # fmt: skip
        answer = ingest.post("/v1/sources", json=body)
        assert answer.status_code == 201, answer.text
        return f"/v1/sources/{answer.json()['id']}"


def everything(ingest: ServiceUnderTest, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Every item of a list."""
    query["limit"] = 1000
    while True:
        page = ingest.get(path, params=query).json()
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def plain(amount: Decimal | str) -> str:
    """An amount as our service shows it."""
    text = format(Decimal(amount), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class RestFeed(Feed):
    """Postings behind a JSON API that pages by a cursor."""

    kind, profile, secret = "rest", "api-postings", "env:BTIM_SOURCE_TOKEN"
    server: LedgerApi

    def __init__(self, number: int, count: int = COUNT) -> None:
        super().__init__(number, LedgerApi(count))

    def config(self) -> dict[str, Any]:
        """Page by page after a cursor."""
        return config_of(self.server, "cursor") | {"page_size": PAGE_ROWS}

    def truth(self) -> Facts:
        """The postings."""
        return {
            row["id"]: (
                plain(row["amount"]["value"]), row["posted_on"], row["account"], row["text"],
            )
            for row in self.server.rows.values()
        }  # fmt: skip

    def add(self, ingest: ServiceUnderTest, **more: Any) -> str:
        """With the profile that it needs."""
        profile = {
            "code": self.profile, "kind": "ledger",
            "columns": {
                "external_id": "id", "amount": "amount.value", "currency": "amount.currency",
                "posted_on": "posted_on", "account": "account", "description": "text",
            },
        }  # fmt: skip
        ingest.post("/v1/profiles/bulk", json={"items": [profile]})
        return super().add(ingest, **more)


class ODataFeed(Feed):
    """Line items of a journal; no profile is needed."""

    kind = "odata"
    version = 2
    page_rows: int | None = PAGE_ROWS
    server: ODataSimulator

    def __init__(self, number: int, count: int = COUNT) -> None:
        simulator = ODataSimulator(journal(count), self.version, page_rows=self.page_rows)
        super().__init__(number, simulator)

    def config(self) -> dict[str, Any]:
        """Twenty at a time where we page, else as many as the service gives."""
        return {
            "url": self.server.root,
            "auth": {"type": "basic"},
            "entity_set": self.server.entities.name,
            "watermark_field": "LastChangeDateTime",
            "page_size": PAGE_ROWS * 2,
        }

    def truth(self) -> Facts:
        """The line items."""
        return {
            "/".join(str(part) for part in self.server.entities.key_of(row)): (
                plain(row["AmountInCompanyCodeCurrency"]),
                row["PostingDate"].isoformat(),
                row["GLAccount"],
                row["DocumentItemText"],
            )
            for row in self.server.entities.rows
        }


class ODataV4Feed(ODataFeed):
    """The same behind version 4."""

    version = 4


class ODataUnpagedFeed(ODataFeed):
    """The same behind a service that does not page by itself."""

    page_rows = None


class ServiceNowFeed(Feed):
    """Incidents of an instance; they become tickets without a profile."""

    kind, maps_to = "servicenow", "tickets"
    server: ServiceNowSimulator

    def __init__(self, number: int, count: int = COUNT) -> None:
        table = incident_table(count, first=number * 1000)
        super().__init__(number, ServiceNowSimulator({"incident": table}))

    def config(self) -> dict[str, Any]:
        """Ten records a page."""
        return {
            "url": self.server.url,
            "auth": {"type": "basic"},
            "table": "incident",
            "page_size": PAGE_ROWS,
        }

    def truth(self) -> Facts:
        """The incidents."""
        table = self.server.tables["incident"]

        def instant(text: str) -> str:
            return f"{text.replace(' ', 'T')}Z" if text else "None"

        return {
            row["number"]: (
                instant(row["opened_at"]), instant(row["resolved_at"]), instant(row["closed_at"]),
                table.display_of("state", row["state"]),
                table.display_of("priority", row["priority"]),
                table.display_of("business_service", row["business_service"]),
                table.display_of("assignment_group", row["assignment_group"]),
                row["made_sla"].capitalize(), row["reopen_count"], row["category"],
            )
            for row in table.rows.values()
        }  # fmt: skip

    def arrived(self, ingest: ServiceUnderTest) -> Facts:
        """The live tickets with the numbers of this instance."""
        names = (
            "opened_at", "resolved_at", "closed_at", "state", "priority", "service",
            "assignment_group", "sla_met", "reopen_count", "category",
        )  # fmt: skip
        own = f"INC{self.number:04d}"
        return {
            ticket["number"]: tuple(str(ticket[name]) for name in names)
            for ticket in everything(ingest, "/v1/tickets")
            if ticket["number"].startswith(own)
        }


FEEDS: Mapping[str, Callable[[int], Feed]] = {
    "rest": RestFeed,
    "servicenow": ServiceNowFeed,
    "odata-v2": ODataFeed,
    "odata-v4": ODataV4Feed,
    "odata-unpaged": ODataUnpagedFeed,
}


@contextmanager
def open_sources(folder: Path, **more: Any) -> Iterator[None]:
    """Loopback and a folder are listed, secrets are there, two attempts are made, one per job."""
    settings = {
        "source_hosts": ["127.0.0.1"], "source_folders": [str(folder)], "source_attempts": 2,
        "source_first_pause_seconds": 0.001, "job_max_attempts": 1, **more,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setattr(get_settings(), name, value)
        patch.setenv("BTIM_SOURCE_READER", PASSWORD)
        patch.setenv("BTIM_SOURCE_TOKEN", TOKEN)
        yield


def sync(ingest: ServiceUnderTest, path: str) -> dict[str, Any]:
    """Ask for a sync, let the worker run, and see what became of it."""
    answer = ingest.post(f"{path}/syncs", json={})
    assert answer.status_code == 202, answer.text
    ingest.run_jobs()
    return dict(ingest.get(f"{path}/syncs/{answer.json()['id']}").json())


def write_sqlite(path: Path, count: int = COUNT) -> Facts:
    """A file with a table of postings; what it holds."""
    rows = [posting_of_api(number) for number in range(1, count + 1)]
    with sqlite3.connect(path) as database:
        database.execute(
            "create table posting (id text primary key, posted_on text, amount text,"
            " currency text, account text, description text, changed_at text)"
        )
        database.executemany(
            "insert into posting values (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row["id"], row["posted_on"], row["amount"]["value"],
                    row["amount"]["currency"], row["account"], row["text"], row["changed_at"],
                )
                for row in rows
            ],
        )  # fmt: skip
    database.close()
    return {
        row["id"]: (plain(row["amount"]["value"]), row["posted_on"], row["account"], row["text"])
        for row in rows
    }
