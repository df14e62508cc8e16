"""Reviews under callers and jobs at the same time: what has begun is never moved or deleted."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import suppress
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.valuation import events
from services.valuation.benefits.reviews import filling
from services.valuation.benefits.reviews.repository import get_review
from services.valuation.investments.run_costs.domain import RunCost
from services.valuation.investments.run_costs.workflow import ask_run_cost
from shared.database import in_transaction
from shared.errors import Unavailable
from shared.jobs.running import JobContext
from shared.tables.valuation.initiatives import Initiative
from tests.api.test_valuation_reviews import PATH, make_live, review_of, step
from tests.running import ServiceUnderTest

ANY = {"If-Match": "*"}


def while_started(review: dict[str, Any], change: Any) -> Any:
    """What a change answers that comes while somebody else is starting a review."""
    with ThreadPoolExecutor(1) as other, in_transaction() as session:
        row, _ = get_review(session, UUID(review["id"]), lock=True)
        coming: Future[Any] = other.submit(change)
        with suppress(StillWaiting):
            coming.result(timeout=0.7)
        assert not coming.done()
        row.state = "in_progress"
        session.commit()
        return coming.result(timeout=10)


@pytest.mark.parametrize("day", [None, "2016-02-20"])
def test_a_review_being_started_neither_moves_nor_falls_away(
    valuation: ServiceUnderTest, day: str | None
) -> None:
    made = make_live(valuation, f"race-{day}")
    review = review_of(valuation, f"race-{day}")
    path = f"/v1/initiatives/{made['id']}"
    answer = while_started(
        review, lambda: valuation.patch(path, json={"go_live_on": day}, headers=ANY)
    )
    assert answer.status_code == 200, answer.text
    kept = valuation.get(f"{PATH}/{review['id']}").json()
    assert (kept["state"], kept["due_on"]) == ("in_progress", "2016-04-10")


def test_an_initiative_whose_review_is_being_started_stays(valuation: ServiceUnderTest) -> None:
    made = make_live(valuation, "stays")
    review = review_of(valuation, "stays")
    path = f"/v1/initiatives/{made['id']}"
    answer = while_started(review, lambda: valuation.delete(path, headers=ANY))
    assert (answer.status_code, answer.json()["code"]) == (409, "initiative_in_use")
    assert valuation.get(f"{PATH}/{review['id']}").json()["state"] == "in_progress"


def test_a_silent_allocation_is_no_reason_to_forget_known_cost(
    valuation: ServiceUnderTest,
) -> None:
    make_live(valuation, "silent", solution="ERP")
    review = review_of(valuation, "silent")
    started = step(valuation, review, "start").json()
    assert started["allocated_cost"]["code"] == "allocation_unreachable"
    with in_transaction() as session:
        row, _ = get_review(session, UUID(review["id"]))
        row.allocated_cost = {"code": "allocated", "runs": []}
        session.flush()
        context = JobContext(session, uuid4(), UUID(review["id"]), {}, "service:allocation")
        session.commit()
        with pytest.raises(Unavailable):
            events.refresh_review(context)
        session.rollback()
    assert step(valuation, review, "submit").status_code == 503
    kept = valuation.get(f"{PATH}/{review['id']}").json()
    assert (kept["state"], kept["allocated_cost"]["code"]) == ("in_progress", "allocated")


@pytest.mark.parametrize("moved", [{"solution": "CRM"}, {"sponsor": "somebody"}])
def test_nobody_waits_for_a_review_while_allocation_is_asked(
    valuation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch, moved: dict[str, str]
) -> None:
    """Changes pass meanwhile; after one of what was asked for, the caller is to ask again."""
    code = f"slow-{next(iter(moved))}"
    made = make_live(valuation, code, solution="ERP")
    review = review_of(valuation, code)
    asked, answered = Event(), Event()

    def slowly(initiative: Initiative) -> RunCost:
        asked.set()
        assert answered.wait(30)
        return ask_run_cost(initiative)

    monkeypatch.setattr(filling, "ask_run_cost", slowly)
    with ThreadPoolExecutor(1) as other:
        starting = other.submit(step, valuation, review, "start")
        assert asked.wait(30)
        for path in (f"/v1/initiatives/{made['id']}", f"{PATH}/{review['id']}"):
            change = moved if "initiatives" in path else {"owner": "somebody"}
            done = valuation.patch(path, json=change, headers=ANY)
            assert done.status_code == 200, done.text
        answered.set()
        started = starting.result(30)
    wanted = (503, "database_busy") if "solution" in moved else (200, None)
    assert (started.status_code, started.json().get("code")) == wanted
