"""Sources over real servers: kept, synced, broken, resumed, and the same rows in the end."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.ingest.sources.workflow import fail_sync
from shared.clock import utc_now
from shared.database import in_transaction
from shared.money import plain
from shared.settings import get_settings
from tests.running import ServiceUnderTest
from tests.simulators.ledger_api import TRAP, LedgerApi, config_of, posting
from tests.simulators.server import as_json

TOKEN = "open sesame"
COUNT = 90


@pytest.fixture(scope="module", autouse=True)
def _open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Loopback may be called, pauses are short, secrets lie in a folder and the environment."""
    secrets = tmp_path_factory.mktemp("source-secrets")
    (secrets / "ledger").write_text(TOKEN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(get_settings(), "source_hosts", ["127.0.0.1"])
        patch.setattr(get_settings(), "source_first_pause_seconds", 0.001)
        patch.setattr(get_settings(), "source_secrets_dir", secrets)
        patch.setattr(get_settings(), "job_max_attempts", 1)
        patch.setenv("BTIM_SOURCE_LEDGER", TOKEN)
        patch.setenv("BTIM_DATABASE_PASSWORD", "not for sources")
        yield


@pytest.fixture
def ledger() -> Iterator[LedgerApi]:
    """A ledger of 90 postings behind a JSON API."""
    with LedgerApi(COUNT) as simulator:
        yield simulator


def a_source(ingest: ServiceUnderTest, code: str, config: dict[str, Any], **more: Any) -> str:
    """A new rest source over the ledger; its path."""
    body = {
        "code": code,
        "kind": "rest",
        "config": config,
        "secret_ref": "env:BTIM_SOURCE_LEDGER",
        "maps_to": "ledger",
        "profile": a_profile(ingest),
        **more,
    }
    answer = ingest.post("/v1/sources", json=body)
    assert answer.status_code == 201, answer.text
    return f"/v1/sources/{answer.json()['id']}"


def a_profile(ingest: ServiceUnderTest) -> str:
    """How the postings of the ledger become lines."""
    profile = {
        "code": "postings",
        "kind": "ledger",
        "columns": {
            "amount": "amount.value",
            "currency": "amount.currency",
            "posted_on": "posted_on",
            "account": "account",
            "description": "text",
        },
    }
    ingest.post("/v1/profiles/bulk", json={"items": [profile]})
    return "postings"


def sync(ingest: ServiceUnderTest, path: str, **window: str) -> dict[str, Any]:
    """Ask for a sync, let the worker run, and see what became of it."""
    answer = ingest.post(f"{path}/syncs", json=window)
    assert answer.status_code == 202, answer.text
    ingest.run_jobs()
    return dict(ingest.get(f"{path}/syncs/{answer.json()['id']}").json())


def lines(ingest: ServiceUnderTest, source: str) -> dict[str, str]:
    """The amounts of the source's live lines by the key of their posting."""
    found: dict[str, str] = {}
    cursor = None
    while True:
        query = {"source": source, "limit": 1000, **({"cursor": cursor} if cursor else {})}
        page = ingest.get("/v1/cost-lines", params=query).json()
        for line in page["items"]:
            key = line["fields"]["id"]
            assert key not in found, f"{key} came twice"
            found[key] = line["amount"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def expected(ledger: LedgerApi) -> dict[str, str]:
    """What the ledger holds now."""
    return {key: plain(Decimal(row["amount"]["value"])) for key, row in ledger.rows.items()}


@pytest.mark.parametrize("paging", ["link", "next_url", "cursor", "offset", "page"])
def test_every_way_of_paging_brings_every_posting_once_and_exactly(
    ingest: ServiceUnderTest, ledger: LedgerApi, paging: Any
) -> None:
    path = a_source(ingest, f"paged-{paging}", config_of(ledger, paging))
    done = sync(ingest, path)
    assert (done["status"], done["rows"], done["total"]) == ("succeeded", COUNT, COUNT), done
    assert lines(ingest, f"paged-{paging}") == expected(ledger)
    assert lines(ingest, f"paged-{paging}")["P00007"] == TRAP
    assert ingest.get(path).json()["watermark"] == ledger.rows["P00090"]["changed_at"]


def test_the_next_sync_brings_what_is_new_or_changed(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "incremental", config_of(ledger, "cursor"))
    sync(ingest, path)
    ledger.put(posting(95))
    changed = posting(96) | {"id": "P00001", "amount": {"value": "1000", "currency": "EUR"}}
    ledger.put(changed)
    done = sync(ingest, path)
    # 89 and 90 lie within the margin before the watermark: they are asked for again, not sent on.
    assert (done["status"], done["rows"], done["known"]) == ("succeeded", 4, 2)
    assert lines(ingest, "incremental") == expected(ledger)
    asked = ledger.data_requests()[-1].query["changed_since"]
    assert asked == "2026-01-05T09:29:00Z"


def test_a_source_whose_rows_have_not_changed_makes_no_import(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    whole = config_of(ledger, "offset", since_parameter=None, until_parameter=None)
    path = a_source(ingest, "still", whole)
    assert len(sync(ingest, path)["imports"]) == 1
    again = sync(ingest, path)
    assert (again["status"], again["imports"], again["known"]) == ("succeeded", [], COUNT)


def test_what_was_taken_back_comes_again(ingest: ServiceUnderTest, ledger: LedgerApi) -> None:
    whole = config_of(ledger, "offset", since_parameter=None, until_parameter=None)
    path = a_source(ingest, "taken-back", whole)
    made = sync(ingest, path)["imports"][0]["id"]
    ingest.post(f"/v1/imports/{made}/revert", json={"reason": "to see it come again"})
    assert lines(ingest, "taken-back") == {}
    sync(ingest, path)
    assert lines(ingest, "taken-back") == expected(ledger)


@pytest.mark.parametrize("fault", ["reset", "error", "half_json", "html", "unavailable"])
def test_a_sync_that_breaks_goes_on_from_its_last_whole_page(
    ingest: ServiceUnderTest, ledger: LedgerApi, fault: Any
) -> None:
    code = f"broken-{fault}"
    path = a_source(ingest, code, config_of(ledger, "cursor"))
    ledger.faults.plan(fault, 3, times=5)
    broken = sync(ingest, path)
    assert (broken["status"], broken["pages"]) == ("failed", 2)
    assert broken["problem"]["code"].startswith("source_")
    assert lines(ingest, code) == {}
    before = len(ledger.data_requests())
    mended = sync(ingest, path)
    assert (mended["status"], mended["resumes"]) == ("succeeded", broken["id"])
    assert len(ledger.data_requests()) - before == 2
    assert lines(ingest, code) == expected(ledger)


def test_a_cursor_that_has_lost_its_meaning_is_given_up(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "lost-cursor", config_of(ledger, "cursor"))
    answer = ledger.answer

    def forgetful(request: Any, fault: Any) -> Any:
        return as_json(410, {}) if "cursor" in request.query else answer(request, fault)

    ledger.answer = forgetful  # type: ignore[method-assign]
    assert sync(ingest, path)["problem"]["code"] == "source_says_no"
    ledger.answer = answer  # type: ignore[method-assign]
    done = sync(ingest, path)
    assert (done["status"], done["resumes"], done["rows"]) == ("succeeded", None, COUNT)


def test_what_changes_behind_the_reader_comes_with_the_next_sync(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    by_id = config_of(ledger, "page", overlap_seconds=0)
    path = a_source(ingest, "behind", by_id)
    answer, asked = ledger.answer, []

    def meanwhile(request: Any, fault: Any) -> Any:
        asked.append(request)
        found = answer(request, fault)
        if len(asked) == 2:  # the first page was read; now one of its postings changes
            now = utc_now()
            ledger.put(posting(300, changed_at=now) | {"id": "P00003"})
            ledger.put(posting(301, changed_at=now + timedelta(minutes=5)) | {"id": "P00088"})
        return found

    ledger.answer = meanwhile  # type: ignore[method-assign]
    ledger.in_order_of = "id"
    sync(ingest, path)
    sync(ingest, path)
    assert lines(ingest, "behind") == expected(ledger)


def test_one_fault_in_passing_is_not_even_noticed(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "passing", config_of(ledger, "link"))
    ledger.faults.plan("reset", 2)
    done = sync(ingest, path)
    assert (done["status"], ledger.faults.happened) == ("succeeded", ["reset"])
    assert lines(ingest, "passing") == expected(ledger)


def test_a_source_that_wants_patience_gets_it(
    ingest: ServiceUnderTest, ledger: LedgerApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "job_max_attempts", 6)
    path = a_source(ingest, "busy", config_of(ledger, "link"))
    ledger.faults.retry_after = "3600"
    ledger.faults.plan("busy", 2)
    done = sync(ingest, path)
    assert (done["status"], done["problem"]["code"]) == ("failed", "source_busy")
    assert ingest.get(path).json()["not_before"] is not None
    assert len(ledger.data_requests()) == 2


def test_postings_that_move_under_an_offset_are_not_lost(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "moving", config_of(ledger, "offset"))
    answer, asked = ledger.answer, []

    def meanwhile(request: Any, fault: Any) -> Any:
        asked.append(request)
        if len(asked) == 3:
            ledger.put(posting(200) | {"id": "P00002"})  # it moves from the front to the end
        return answer(request, fault)

    ledger.answer = meanwhile  # type: ignore[method-assign]
    done = sync(ingest, path)
    assert done["status"] == "succeeded", done
    assert lines(ingest, "moving") == expected(ledger)


def test_a_backfill_brings_its_range_and_leaves_the_watermark(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "backfill", config_of(ledger, "page"))
    done = sync(ingest, path, **{"from": "2026-01-05T08:10:00Z", "to": "2026-01-05T08:19:59Z"})
    assert (done["backfill"], done["rows"]) == (True, 10)
    assert sorted(lines(ingest, "backfill")) == [f"P000{number}" for number in range(10, 20)]
    assert ingest.get(path).json()["watermark"] is None


def test_a_refused_import_leaves_the_watermark_and_says_why(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    ledger.put(posting(5) | {"amount": {"value": "much", "currency": "EUR"}})
    config = config_of(ledger, "page", import_options={"max_reject_share": "0"})
    path = a_source(ingest, "strict", config)
    refused = sync(ingest, path)
    assert (refused["status"], refused["problem"]["code"]) == ("failed", "too_many_rejects")
    assert refused["imports"][0]["status"] == "failed"
    assert ingest.get(path).json()["watermark"] is None
    rejects = ingest.get(f"/v1/imports/{refused['imports'][0]['id']}/rejects").json()["items"]
    assert [(reject["column"], reject["raw"]) for reject in rejects] == [("amount.value", "much")]
    ledger.put(posting(5))
    assert sync(ingest, path)["status"] == "succeeded"
    assert lines(ingest, "strict") == expected(ledger)


def test_one_sync_of_a_source_at_a_time(ingest: ServiceUnderTest, ledger: LedgerApi) -> None:
    path = a_source(ingest, "one-at-a-time", config_of(ledger, "page"))
    first = ingest.post(f"{path}/syncs", json={}).json()
    second = ingest.post(f"{path}/syncs", json={})
    assert (second.status_code, second.json()["code"]) == (409, "sync_running")
    deleting = ingest.delete(path, headers={"If-Match": "*"})
    assert deleting.json()["code"] == "sync_running"
    ingest.post(f"/v1/jobs/{first['job']['id']}/cancel")
    ingest.run_jobs()
    assert ingest.get(f"{path}/syncs/{first['id']}").json()["status"] == "cancelled"
    assert sync(ingest, path)["status"] == "succeeded"


def test_pages_are_kept_as_they_were_received(ingest: ServiceUnderTest, ledger: LedgerApi) -> None:
    path = a_source(ingest, "evidence", config_of(ledger, "cursor"))
    done = sync(ingest, path)
    pages = ingest.get(f"{path}/syncs/{done['id']}/pages").json()["items"]
    assert [page["rows"] for page in pages] == [25, 25, 25, 15]
    raw = ingest.get(pages[0]["href"]).json()
    assert raw["data"][6]["amount"]["value"] == TRAP


def test_a_test_says_what_it_finds(ingest: ServiceUnderTest, ledger: LedgerApi) -> None:
    path = a_source(ingest, "looked-at", config_of(ledger, "link"))
    found = ingest.post(f"{path}/test").json()
    assert (found["reachable"], found["rows"], found["total"]) == (True, 25, COUNT)
    assert "changed_at" in found["columns"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"secret_ref": "env:BTIM_SOURCE_NOT_THERE"}, 422, "secret_missing"),
        ({"secret_ref": "file:nowhere"}, 422, "secret_missing"),
        ({"config": {"url": "http://localhost:1/"}}, 422, "host_not_allowed"),
        ({"config": {"url": "http://127.0.0.1:1/"}}, 503, "source_unreachable"),
        ({"config": {"items": "rows"}}, 503, "source_answered_badly"),
    ],
)
def test_a_test_names_what_is_wrong(
    ingest: ServiceUnderTest, ledger: LedgerApi, change: dict[str, Any], status: int, code: str
) -> None:
    path = a_source(ingest, f"wrong-{code}-{len(str(change))}", config_of(ledger, "link"))
    ingest.patch(path, json=change, headers={"If-Match": "*"})
    answer = ingest.post(f"{path}/test")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert TOKEN not in answer.text


def test_a_wrong_token_is_refused_and_shown_nowhere(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    ledger.token = "another"
    path = a_source(ingest, "refused", config_of(ledger, "link"), secret_ref="file:ledger")
    assert ingest.post(f"{path}/test").json()["code"] == "source_refused"
    done = sync(ingest, path)
    assert (done["status"], done["problem"]["code"]) == ("failed", "source_refused")
    told = [ingest.get(each).text for each in (path, f"{path}/syncs", "/v1/audit-events?limit=50")]
    assert not any(TOKEN in text for text in told)


def test_a_sync_that_fails_twice_is_failed_once(
    ingest: ServiceUnderTest, ledger: LedgerApi
) -> None:
    path = a_source(ingest, "fails-early", config_of(ledger, "link"))
    ledger.faults.plan("error", 1, times=20)
    broken = sync(ingest, path)
    assert (broken["status"], broken["pages"], broken["resumes"]) == ("failed", 0, None)
    with in_transaction() as session:
        fail_sync(session, broken["id"], {}, "failed")


def test_files_of_secrets_lie_in_their_folder_only(tmp_path: Path) -> None:
    from services.ingest.sources.secrets import read_secret
    from shared.clients.outside.problems import SecretMissing

    folder = get_settings().source_secrets_dir
    assert folder is not None
    (tmp_path / "outside").write_text("mine")
    (folder / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(SecretMissing):
        read_secret("file:link")
    assert read_secret("file:ledger").whole() == TOKEN
