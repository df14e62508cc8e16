"""Reviews are announced by themselves: once, in time, and never for history."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from services.valuation.benefits.review_notices.workflow import announce_due_reviews
from services.valuation.benefits.reviews.domain import add_months
from shared.database import in_transaction
from shared.settings import get_settings
from shared.tables.platform import OutboxEvent
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview
from tests.running import ServiceUnderTest

PATH = "/v1/post-implementation-reviews"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _quiet_start(valuation: ServiceUnderTest) -> None:
    """What earlier tests made is said before a test begins."""
    announce_due_reviews(NOW)


def go_live(valuation: ServiceUnderTest, code: str, days_ago: int, **more: Any) -> str:
    """The id of the review (first by due day) of an initiative live since so many days."""
    day = (NOW - timedelta(days=days_ago)).date().isoformat()
    body = {
        "code": code, "names": {"en": code}, "historic": True, "stage": "live",
        "go_live_on": day, "sponsor": "Li", **more,
    }  # fmt: skip
    answer = valuation.post("/v1/initiatives", json=body)
    assert answer.status_code == 201, answer.text
    found: str = valuation.get(f"{PATH}?initiative={code}").json()["items"][0]["id"]
    return found


def heard(review: str) -> list[dict[str, Any]]:
    """The payloads of all events `review.due` of a review."""
    with in_transaction() as session:
        query = select(OutboxEvent).where(
            OutboxEvent.type == "review.due", OutboxEvent.resource_id == review
        )
        return [event.payload for event in session.exec(query.order_by(OutboxEvent.id))]  # type: ignore[arg-type]


def look_after(days: int) -> int:
    return announce_due_reviews(NOW + timedelta(days=days))


def due_in(months: int = 3) -> int:
    return (add_months(NOW.date(), months) - NOW.date()).days


def test_a_review_is_recalled_announced_and_said_to_be_late(valuation: ServiceUnderTest) -> None:
    review = go_live(valuation, "clock", 0)
    due = due_in()
    for day in (0, due - 20, due - 14, due - 13, due - 3, due, due, due + 1, due + 7, due + 100):
        look_after(day)
    kinds = [(payload["kind"], payload["days_overdue"]) for payload in heard(review)]
    assert kinds == [
        ("reminder", 0), ("reminder", 0), ("due", 0), ("overdue", 7), ("overdue", 100),
    ]  # fmt: skip
    told = heard(review)[2]
    assert (told["initiative"], told["owner"], told["state"]) == ("clock", "Li", "scheduled")
    assert valuation.get(told["href"]).status_code == 200
    listed = valuation.get(f"{PATH}/{review}/announcements").json()["items"]
    assert [item["kind"] for item in listed] == [kind for kind, _ in kinds]
    assert look_after(due + 1000) == 0


def test_imported_history_is_silent(valuation: ServiceUnderTest) -> None:
    old = go_live(valuation, "history", 400)
    lately = go_live(valuation, "lately", 100)
    look_after(0)
    look_after(60)
    assert heard(old) == []
    assert heard(lately)[0]["kind"] == "due"
    assert valuation.get(f"{PATH}/{old}").json()["overdue"] is True


def test_a_review_that_moves_is_announced_for_its_new_day(valuation: ServiceUnderTest) -> None:
    review = go_live(valuation, "moves", 0)
    due = due_in()
    look_after(due)
    later = (NOW + timedelta(days=due + 30)).date().isoformat()
    moved = valuation.patch(
        f"{PATH}/{review}", json={"due_on": later}, headers={"If-Match": "*"}
    ).json()
    assert moved["due_on"] == later
    look_after(due + 1)
    look_after(due + 30)
    told = [(payload["kind"], payload["due_on"] == later) for payload in heard(review)]
    assert told == [("due", False), ("due", True)]


def test_an_approved_review_is_left_alone(valuation: ServiceUnderTest) -> None:
    review = go_live(valuation, "done", 85)
    for step in ("start", "submit", "approve"):
        assert valuation.post(f"{PATH}/{review}/{step}").status_code == 200
    look_after(50)
    assert heard(review) == []


def test_the_pace_is_a_setting(
    valuation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "review_reminder_days", [30])
    monkeypatch.setattr(get_settings(), "review_overdue_times", 0)
    monkeypatch.setattr(get_settings(), "review_offset_months", [3, 6, 12])
    first = go_live(valuation, "pace", 0)
    reviews = valuation.get(f"{PATH}?initiative=pace").json()["items"]
    assert [review["offset_months"] for review in reviews] == [3, 6, 12]
    look_after(due_in() - 30)
    look_after(due_in())
    look_after(due_in() + 29)
    assert [payload["kind"] for payload in heard(first)] == ["reminder", "due"]


def test_a_review_that_goes_takes_its_announcements_along(valuation: ServiceUnderTest) -> None:
    go_live(valuation, "gone", 0)
    due_on = (NOW + timedelta(days=2)).date().isoformat()
    made = valuation.post(PATH, json={"initiative": "gone", "due_on": due_on}).json()
    look_after(2)
    assert len(heard(made["id"])) == 1
    path = f"{PATH}/{made['id']}"
    assert valuation.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_four_that_look_at_the_same_moment_share_the_work(valuation: ServiceUnderTest) -> None:
    look_after(due_in(5))  # what earlier tests have made
    day = NOW.date().isoformat()
    items = [
        {
            "code": f"race-{number}", "names": {"en": "race"}, "historic": True, "stage": "live",
            "go_live_on": day, "review_offsets": [1, 2, 3, 4, 5],
        }
        for number in range(40)
    ]  # fmt: skip
    assert valuation.post("/v1/initiatives/bulk", json={"items": items}).status_code == 200
    with ThreadPoolExecutor(4) as threads:
        said = sum(threads.map(lambda _: look_after(due_in(5)), range(4)))
    assert said == 200
    with in_transaction() as session:
        query = select(OutboxEvent).where(OutboxEvent.type == "review.due")
        told = [event.payload["review"] for event in session.exec(query)]
        mine = {
            str(review.id)
            for review in session.exec(
                select(PostImplementationReview)
                .join(Initiative, col(Initiative.id) == col(PostImplementationReview.initiative_id))
                .where(col(Initiative.code).startswith("race-"))
            )
        }
    assert sorted(each for each in told if each in mine) == sorted(mine)
