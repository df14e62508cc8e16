"""Four eyes: whoever wrote something, ever and with whichever key, does not decide on it."""

from typing import Any

import pytest

from shared.access.api_keys import create_key
from shared.database import in_transaction
from shared.settings import get_settings
from tests.api.test_valuation_reviews import PATH as REVIEWS
from tests.api.test_valuation_reviews import make_live, review_of
from tests.running import ServiceUnderTest

Headers = dict[str, str]
SCOPES = [f"{service}:{action}" for service in ("allocation", "valuation")
          for action in ("write", "approve")]  # fmt: skip


def key_of(subject: str) -> Headers:
    with in_transaction() as session:
        _, key = create_key(session, name=subject, subject=subject, scopes=SCOPES)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(autouse=True)
def _four_eyes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "four_eyes", True)


def refused(answer: Any) -> bool:
    if answer.status_code == 403:
        assert answer.json()["code"] == "four_eyes"
        return True
    assert answer.status_code == 200, answer.text
    return False


def test_who_submitted_a_model_version_does_not_approve_it_even_after_a_rejection(
    allocation: ServiceUnderTest,
) -> None:
    ann, bob, cho = (key_of(name) for name in ("ann", "bob", "cho"))
    version = allocation.post("/v1/model-versions", json={}, headers=ann).json()
    path = f"/v1/model-versions/{version['id']}"
    for submitter in (bob, ann):
        assert not refused(allocation.post(f"{path}/submit", headers=submitter))
        if submitter is bob:
            assert not refused(allocation.post(f"{path}/reject", headers=cho))
    assert refused(allocation.post(f"{path}/approve", headers=ann))
    assert refused(allocation.post(f"{path}/approve", headers=bob))
    assert refused(allocation.post(f"{path}/approve", headers=key_of("bob")))
    assert not refused(allocation.post(f"{path}/approve", headers=cho))


def test_who_closed_a_period_does_not_reopen_it(allocation: ServiceUnderTest) -> None:
    ann, bob = key_of("ann"), key_of("bob")
    path = "/v1/periods/2031-07"
    assert not refused(allocation.post(f"{path}/close", headers=ann))
    body = {"reason": "late invoice"}
    assert refused(allocation.post(f"{path}/reopen", json=body, headers=ann))
    assert refused(allocation.post(f"{path}/reopen", json=body, headers=key_of("ann")))
    assert allocation.get(path).json()["status"] == "closed"
    assert not refused(allocation.post(f"{path}/reopen", json=body, headers=bob))


def test_who_ever_wrote_in_a_review_does_not_approve_it(valuation: ServiceUnderTest) -> None:
    ann, bob, cho, dan = (key_of(name) for name in ("ann", "bob", "cho", "dan"))
    make_live(valuation, "eyes")
    path = f"{REVIEWS}/{review_of(valuation, 'eyes')['id']}"

    def step(name: str, who: Headers, **body: str) -> Any:
        return valuation.post(f"{path}/{name}", json=body or None, headers=who)

    finding = {"kind": "strength", "text": "Orders are entered once."}
    assert not refused(step("start", ann))
    assert valuation.post(f"{path}/findings", json=finding, headers=bob).status_code == 201
    assert not refused(step("submit", cho))
    assert not refused(step("return", dan, reason="which incidents?"))
    assert not refused(step("submit", ann))
    assert [refused(step("approve", who)) for who in (ann, bob, cho, key_of("cho"), dan)] == [
        True, True, True, True, False,
    ]  # fmt: skip


def test_without_the_setting_one_person_may_do_it_all(
    allocation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "four_eyes", False)
    ann = key_of("ann")
    path = "/v1/periods/2031-08"
    assert not refused(allocation.post(f"{path}/close", headers=ann))
    assert not refused(allocation.post(f"{path}/reopen", json={"reason": "x"}, headers=ann))
