"""What the tests of sources share: profiles, syncs through the API and the worker, live lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.settings import get_settings
from tests.running import ServiceUnderTest

POSTINGS = {
    "code": "flat-postings",
    "kind": "ledger",
    "columns": {
        "amount": "amount",
        "currency": "currency",
        "posted_on": "posted_on",
        "account": "account",
    },
}


@contextmanager
def changed_settings(**settings: Any) -> Iterator[pytest.MonkeyPatch]:
    """Short pauses, one attempt per job, and what else is said."""
    quick = {"source_first_pause_seconds": 0.001, "source_attempts": 3, "job_max_attempts": 1}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**quick, **settings}.items():
            patch.setattr(get_settings(), name, value)
        yield patch


def add_source(ingest: ServiceUnderTest, **body: Any) -> str:
    """A new source of postings; its path."""
    ingest.post("/v1/profiles/bulk", json={"items": [POSTINGS]})
    answer = ingest.post(
        "/v1/sources", json={"maps_to": "ledger", "profile": "flat-postings", **body}
    )
    assert answer.status_code == 201, answer.text
    return f"/v1/sources/{answer.json()['id']}"


def sync(ingest: ServiceUnderTest, path: str, **window: str) -> dict[str, Any]:
    """Ask for a sync, let the worker run, and see what became of it."""
    answer = ingest.post(f"{path}/syncs", json=window)
    assert answer.status_code == 202, answer.text
    ingest.run_jobs()
    return dict(ingest.get(f"{path}/syncs/{answer.json()['id']}").json())


def lines(ingest: ServiceUnderTest, source: str, key: str = "id") -> dict[str, str]:
    """The amounts of the source's live lines by the key of their posting; each key once."""
    found: dict[str, str] = {}
    query = {"source": source, "limit": 1000}
    while True:
        page = ingest.get("/v1/cost-lines", params=query).json()
        for line in page["items"]:
            name = line["fields"][key]
            assert name not in found, f"{name} came twice"
            found[name] = line["amount"]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
