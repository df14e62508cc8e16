"""Model versions over HTTP: one draft, one published, reviews with four eyes, differences."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.settings import get_settings
from tests.running import ServiceUnderTest, a_key

ANY = {"If-Match": "*"}


@pytest.fixture(scope="module", autouse=True)
def _objects(allocation: ServiceUnderTest) -> None:
    items = [{"code": code, "names": {"en": code}} for code in ("HW", "SW")]
    allocation.post("/v1/cost-pools/bulk?atomic=true", json={"items": items})


@pytest.fixture(autouse=True)
def _nothing_open(allocation: ServiceUnderTest) -> None:
    for version in versions(allocation):
        if version["status"] in {"in_review", "approved"}:
            allocation.post(f"/v1/model-versions/{version['id']}/reject")
        if version["status"] in {"draft", "in_review", "approved"}:
            allocation.delete(f"/v1/model-versions/{version['id']}", headers=ANY)


@pytest.fixture
def _four_eyes(database: str) -> Iterator[None]:
    settings = get_settings()
    settings.four_eyes = True
    yield
    settings.four_eyes = False


def versions(allocation: ServiceUnderTest, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = allocation.get("/v1/model-versions", params=query).json()["items"]
    return items


def a_draft(allocation: ServiceUnderTest, **body: Any) -> dict[str, Any]:
    answer = allocation.post("/v1/model-versions", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def a_mapping(code: str, target: str = "HW", **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "stage": "line_to_pool",
        "method": "direct",
        "source": {"account": code},
        "target": {"object": target},
    } | more


def put(allocation: ServiceUnderTest, *mappings: dict[str, Any]) -> None:
    answer = allocation.post("/v1/mappings/bulk?atomic=true", json={"items": list(mappings)})
    assert answer.status_code == 200, answer.text


def step(allocation: ServiceUnderTest, action: str, version_id: str, key: str | None = None) -> Any:
    headers = allocation.as_caller(key) if key else None
    return allocation.post(f"/v1/model-versions/{version_id}/{action}", headers=headers)


def test_bulk_mappings_open_a_draft_of_the_published_version(allocation: ServiceUnderTest) -> None:
    put(allocation, a_mapping("a"), a_mapping("b"))
    (draft,) = versions(allocation, status="draft")
    assert (draft["mappings"], draft["authors"]) == (2, ["admin"])
    assert step(allocation, "publish", draft["id"]).json()["status"] == "published"
    put(allocation, a_mapping("c"))
    (second,) = versions(allocation, status="draft")
    assert (second["base"], second["mappings"]) == (draft["id"], 3)
    assert second["number"] > draft["number"]


def test_refused_mappings_open_no_draft(allocation: ServiceUnderTest) -> None:
    body = {"items": [a_mapping("x", target="NOPE")]}
    allocation.post("/v1/mappings/bulk", json=body)
    assert allocation.post("/v1/mappings", json=body["items"][0]).status_code == 422
    assert versions(allocation, status="draft") == []


def test_only_one_version_is_open_at_a_time(allocation: ServiceUnderTest) -> None:
    draft = a_draft(allocation)
    second = allocation.post("/v1/model-versions", json={})
    assert (second.status_code, second.json()["code"]) == (409, "draft_exists")
    assert step(allocation, "submit", draft["id"]).json()["status"] == "in_review"
    assert allocation.post("/v1/model-versions", json={}).status_code == 409


def test_publishing_retires_the_former_version(allocation: ServiceUnderTest) -> None:
    put(allocation, a_mapping("a"))
    (first,) = versions(allocation, status="draft")
    step(allocation, "publish", first["id"])
    put(allocation, a_mapping("d"))
    (second,) = versions(allocation, status="draft")
    assert step(allocation, "publish", second["id"]).status_code == 200
    assert [v["id"] for v in versions(allocation, status="published")] == [second["id"]]
    assert allocation.get(f"/v1/model-versions/{first['id']}").json()["status"] == "retired"


def test_a_dry_run_publishes_nothing(allocation: ServiceUnderTest) -> None:
    draft = a_draft(allocation)
    answer = allocation.post(f"/v1/model-versions/{draft['id']}/publish?dry_run=true")
    assert answer.json()["status"] == "published"
    assert allocation.get(f"/v1/model-versions/{draft['id']}").json()["status"] == "draft"


def test_a_version_in_review_and_a_published_one_are_frozen(allocation: ServiceUnderTest) -> None:
    put(allocation, a_mapping("frozen"))
    (draft,) = versions(allocation, status="draft")
    query = {"model_version": "draft", "code": "frozen"}
    (mapping,) = allocation.get("/v1/mappings", params=query).json()["items"]
    step(allocation, "submit", draft["id"])
    path = f"/v1/mappings/{mapping['id']}"
    answers = [
        allocation.patch(path, json={"priority": 1}, headers=ANY),
        allocation.delete(path, headers=ANY),
        allocation.post("/v1/mappings", json=a_mapping("new")),
        allocation.post("/v1/mappings/bulk", json={"items": [a_mapping("new")]}),
        allocation.patch(f"/v1/model-versions/{draft['id']}", json={"note": "x"}, headers=ANY),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(409, "version_frozen")}
    step(allocation, "publish", draft["id"])
    frozen = allocation.patch(path, json={"priority": 1}, headers=ANY)
    assert (frozen.status_code, frozen.json()["code"]) == (409, "version_frozen")


def test_the_database_itself_refuses_changes_of_a_frozen_version(
    allocation: ServiceUnderTest,
) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from shared.database import in_transaction

    put(allocation, a_mapping("guarded"))
    (draft,) = versions(allocation, status="draft")
    step(allocation, "publish", draft["id"])
    for statement in (
        "update mapping set priority = 1 where model_version_id = :id",
        "delete from mapping where model_version_id = :id",
    ):
        with pytest.raises(DBAPIError, match="only a draft"), in_transaction() as session:
            session.execute(text(statement), {"id": draft["id"]})


def test_steps_are_taken_in_their_order(allocation: ServiceUnderTest) -> None:
    draft = a_draft(allocation)
    for action in ("approve", "reject"):
        refused = step(allocation, action, draft["id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    step(allocation, "submit", draft["id"])
    assert step(allocation, "submit", draft["id"]).status_code == 409
    back = step(allocation, "reject", draft["id"]).json()
    assert (back["status"], back["submitted_by"]) == ("draft", None)
    step(allocation, "submit", draft["id"])
    approved = step(allocation, "approve", draft["id"]).json()
    assert (approved["status"], approved["approved_by"]) == ("approved", "admin")


@pytest.mark.usefixtures("_four_eyes")
def test_four_eyes_keep_authors_from_approving(allocation: ServiceUnderTest) -> None:
    put(allocation, a_mapping("eyes"))
    (draft,) = versions(allocation, status="draft")
    direct = step(allocation, "publish", draft["id"])
    assert (direct.status_code, direct.json()["code"]) == (409, "wrong_state")
    step(allocation, "submit", draft["id"])
    own = step(allocation, "approve", draft["id"])
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    other = a_key(["allocation:approve"])
    assert step(allocation, "approve", draft["id"], other).json()["approved_by"] == "tester"
    assert step(allocation, "publish", draft["id"]).json()["status"] == "published"


def test_writing_is_not_approving(allocation: ServiceUnderTest) -> None:
    draft = a_draft(allocation)
    writer, approver = a_key(["allocation:write"]), a_key(["allocation:approve"])
    assert step(allocation, "submit", draft["id"], approver).status_code == 403
    assert step(allocation, "submit", draft["id"], writer).status_code == 200
    assert step(allocation, "publish", draft["id"], writer).status_code == 403
    assert step(allocation, "publish", draft["id"], approver).status_code == 200


def test_a_difference_names_what_was_added_removed_and_changed(
    allocation: ServiceUnderTest,
) -> None:
    base = a_draft(allocation)
    put(allocation, a_mapping("stays"), a_mapping("goes"), a_mapping("turns", priority=1))
    step(allocation, "publish", base["id"])
    put(allocation, a_mapping("comes"), a_mapping("turns", "SW", priority=2))
    (draft,) = versions(allocation, status="draft")
    query = {"model_version": "draft", "code": "goes"}
    (goes,) = allocation.get("/v1/mappings", params=query).json()["items"]
    allocation.delete(f"/v1/mappings/{goes['id']}", headers=ANY)
    path = f"/v1/model-versions/{draft['id']}"
    allocation.patch(path, json={"stages": {"solution_to_solution": {}}}, headers=ANY)
    diff = allocation.get(f"{path}/diff?base={base['id']}").json()
    assert [m["code"] for m in diff["added"]] == ["comes"]
    assert [m["code"] for m in diff["removed"]] == ["goes"]
    (change,) = diff["changed"]
    assert (change["code"], change["fields"]) == ("turns", ["priority", "target"])
    assert (change["before"]["priority"], change["after"]["priority"]) == (1, 2)
    setting = {"solve": "reciprocal", "order": [], "self_use": "excluded"}
    assert diff["stages_after"] == {"solution_to_solution": setting}
    assert allocation.get(f"{path}/diff").json() == diff
    empty = allocation.get(f"{path}/diff?base={draft['id']}").json()
    assert (empty["added"], empty["removed"], empty["changed"]) == ([], [], [])


@pytest.mark.parametrize(
    "setting",
    [
        {"solve": "step_down", "self_use": "counted"},
        {"solve": "step_down", "order": ["A", "A"]},
        {"solve": "guess"},
    ],
)
def test_stage_settings_keep_their_rules(
    allocation: ServiceUnderTest, setting: dict[str, Any]
) -> None:
    draft = a_draft(allocation)
    patch = {"stages": {"resource_to_resource": setting}}
    answer = allocation.patch(f"/v1/model-versions/{draft['id']}", json=patch, headers=ANY)
    assert answer.status_code == 422
    assert allocation.get(f"/v1/model-versions/{draft['id']}").json()["stages"] == {}


def test_a_draft_can_be_thrown_away(allocation: ServiceUnderTest) -> None:
    put(allocation, a_mapping("thrown"))
    (draft,) = versions(allocation, status="draft")
    path = f"/v1/model-versions/{draft['id']}"
    assert allocation.delete(path).status_code == 428
    assert allocation.delete(path, headers={"If-Match": draft["etag"]}).status_code == 204
    assert allocation.get(path).status_code == 404
    assert allocation.get("/v1/mappings?model_version=draft").json()["items"] == []
