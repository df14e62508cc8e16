"""Rules of users: which lines they mean, what they find, and that a breach is told once."""

import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.ingest.data_quality.rules import evaluation
from services.ingest.data_quality.rules.counting_repository import Asked, count_lines
from services.ingest.data_quality.rules.evaluation import evaluate_due
from services.ingest.data_quality.rules.selectors import read_selector
from shared.database import at_once, new_session
from shared.events import outbox
from tests.api.test_data_quality import push
from tests.api.test_outbox import Receiver
from tests.running import ServiceUnderTest

Json = dict[str, Any]
PATH = "/v1/data-quality-rules"
RULE = {
    "code": "few", "names": {"en": "Few lines", "zh-CN": "行数过少"}, "measure": "count",
    "operator": "gte", "threshold": "3", "severity": "critical",
}  # fmt: skip


def add_rule(client: Any, **rule: Any) -> Json:
    made = client.post(PATH, json=RULE | {"code": str(uuid4())} | rule)
    assert made.status_code == 201, made.text
    return dict(made.json())


def remove(client: Any, rule: Json) -> None:
    gone = client.delete(f"{PATH}/{rule['id']}", headers={"If-Match": "*"})
    assert gone.status_code == 204


def findings(client: Any, period: str, rule: Json) -> list[Json]:
    answer = client.get("/v1/data-quality", params={"period": period})
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["rules"] if one["rule"] == rule["code"]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def test_a_rule_is_made_read_changed_and_deleted(ingest: ServiceUnderTest) -> None:
    made = add_rule(ingest, code="kept", selector={"account": {"starts_with": "44"}})
    assert made["name"] == "Few lines"
    path = f"{PATH}/{made['id']}"
    assert ingest.get(path).headers["etag"] == made["etag"]
    headers = {"If-Match": made["etag"], "Accept-Language": "zh-CN"}
    changed = ingest.patch(path, json={"threshold": "5.50"}, headers=headers)
    assert (changed.json()["threshold"], changed.json()["name"]) == ("5.5", "行数过少")
    assert ingest.patch(path, json={"active": False}, headers=headers).status_code == 412
    assert ingest.patch(path, json={"active": False}).status_code == 428
    whole = RULE | {"code": "kept", "threshold": "7"}
    replaced = ingest.put(path, json=whole, headers={"If-Match": "*"}).json()
    assert (replaced["selector"], replaced["threshold"]) == ({}, "7")
    other = ingest.put(path, json=whole | {"code": "x"}, headers={"If-Match": "*"})
    assert (other.status_code, other.json()["code"]) == (422, "key_fixed")
    assert ingest.post(PATH, json=whole).json()["code"] == "code_taken"
    listed = ingest.get(PATH, params={"code": "kept"}).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    remove(ingest, made)
    assert ingest.get(path).status_code == 404


def test_rules_come_in_bulk(ingest: ServiceUnderTest) -> None:
    items = [RULE | {"code": "b1"}, RULE | {"code": "b2", "selector": {"colour": 1}}, 5]
    results = ingest.post(f"{PATH}/bulk", json={"items": items}).json()["results"]
    assert [one["status"] for one in results] == ["created", "error", "error"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/items/1/selector/colour"
    items = [RULE | {"code": "b1"}, RULE | {"code": "b1", "threshold": "9"}]
    results = ingest.post(f"{PATH}/bulk", json={"items": items}).json()["results"]
    assert [one["status"] for one in results] == ["unchanged", "updated"]
    remove(ingest, ingest.get(PATH, params={"code": "b1"}).json()["items"][0])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"measure": "missing_share"}, "invalid"),
        ({"field": "account"}, "invalid"),
        ({"measure": "missing_share", "field": "colour"}, "bad_field"),
        ({"selector": {"account": {"matches": "("}}}, "bad_selector"),
        ({"selector": {"account": {"sql": "1; drop table cost_line"}}}, "bad_selector"),
        ({"operator": ">"}, "invalid"),
        ({"threshold": 3}, "invalid"),
        ({"names": {}}, "invalid"),
        ({"severity": "mild"}, "invalid"),
    ],
)
def test_what_makes_no_rule_is_refused(ingest: ServiceUnderTest, change: Json, code: str) -> None:
    answer = ingest.post(PATH, json=RULE | {"code": "never"} | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert ingest.get(PATH, params={"code": "never"}).json()["items"] == []


def test_a_patch_cannot_make_a_rule_that_may_not_be(ingest: ServiceUnderTest) -> None:
    made = add_rule(ingest, measure="missing_share", field="account")
    path, headers = f"{PATH}/{made['id']}", {"If-Match": "*"}
    for patch in ({"field": None}, {"threshold": None}, {"measure": "count"}):
        answer = ingest.patch(path, json=patch, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), patch
    both = ingest.patch(path, json={"measure": "count", "field": None}, headers=headers)
    assert both.status_code == 200
    remove(ingest, made)


def test_every_measure_says_what_its_name_says(ingest: ServiceUnderTest) -> None:
    for month, amount in (("01", "10"), ("02", "30"), ("03", "50")):
        push(
            ingest,
            {"source": "m", "period": f"2013-{month}", "external_id": f"{month}-1",
             "account": "1", "amount": amount, "vendor": "V"},
            {"source": "m", "period": f"2013-{month}", "external_id": f"{month}-2",
             "account": "1", "amount": "-10", "currency": "USD"},
            {"source": "m", "period": f"2013-{month}", "external_id": f"{month}-3",
             "account": "2", "amount": "-150"},
        )  # fmt: skip
    wanted: dict[str, list[tuple[str | None, str]]] = {
        "count": [(None, "2")],
        "amount": [("EUR", "50"), ("USD", "-10")],
        "share": [(None, "0.666667")],
        "amount_share": [("EUR", "0.25"), ("USD", "1")],
        "missing_share": [(None, "0.5")],
        "change": [("EUR", "1.5"), ("USD", "0")],
        "count_change": [(None, "0")],
    }
    for measure, expected in wanted.items():
        field = {"field": "vendor"} if measure == "missing_share" else {}
        rule = add_rule(ingest, measure=measure, selector={"account": "1"}, **field)
        found = findings(ingest, "2013-03", rule)
        assert [(one["currency"], one["value"]) for one in found] == expected, measure
        assert all(one["evaluated_at"] is None for one in found), "not evaluated yet"
        remove(ingest, rule)
    rule = add_rule(ingest, measure="amount", currency="USD", operator="lt", threshold="0")
    (one,) = findings(ingest, "2013-03", rule)
    assert (one["value"], one["breached"], one["status"]) == ("-10", True, "bad")
    remove(ingest, rule)


def test_results_are_kept_when_they_differ_and_a_breach_is_told_once(
    ingest: ServiceUnderTest, receiver: Receiver
) -> None:
    hook = ingest.post(
        "/v1/webhooks", json={"url": receiver.url, "events": ["anomaly.found"]}
    ).json()
    rule = add_rule(ingest, code="three", selector={"source": "grows"})
    told: list[list[Json]] = []

    def step(*lines: Json) -> None:
        push(ingest, *[{"source": "grows", "period": "2012-02"} | line for line in lines])
        evaluate_due()
        evaluate_due()
        outbox.route_events("ingest")
        outbox.deliver_due("ingest")
        told.append([json.loads(content)["data"] for _, content in receiver.got])
        receiver.got.clear()

    step({}, {})
    step({}, {}, {})
    step({}, {}, {}, {})
    step({"deleted": True}, {"deleted": True})
    step({}, {})
    assert [len(events) for events in told] == [0, 1, 0, 0, 1]
    event = told[1][0]
    expected = {
        "rule": "three", "period": "2012-02", "source": "grows", "value": "3", "threshold": "3",
        "severity": "critical", "scenario": "actual", "operator": "gte", "measure": "count",
    }  # fmt: skip
    assert {name: event[name] for name in expected} == expected
    path = f"{PATH}/{rule['id']}/results"
    results = ingest.get(path, params={"period": "2012-02", "source": "grows"}).json()["items"]
    history = [(one["value"], one["breached"]) for one in results]
    assert history == [("4", True), ("2", False), ("4", True), ("3", True), ("2", False)]
    (shown,) = [one for one in findings(ingest, "2012-02", rule) if one["source"] == "grows"]
    assert (shown["breached"], shown["evaluated_at"] is None) == (True, False)
    push(ingest, {"source": "grows", "period": "2012-03", "external_id": "next"})
    evaluate_due()
    later = [one for one in findings(ingest, "2012-03", rule) if one["source"] == "grows"]
    assert later[0]["trend"][-1] == {"period": "2012-02", "value": "4"}
    ingest.delete(f"/v1/webhooks/{hook['id']}")
    remove(ingest, rule)


def test_a_source_that_stays_away_breaches_a_rule_about_lines(ingest: ServiceUnderTest) -> None:
    rule = add_rule(ingest, measure="count", operator="lt", threshold="1")
    push(ingest, {"source": "expected", "period": "2011-01"})
    evaluate_due()
    push(ingest, {"source": "punctual", "period": "2011-02"})
    breached = {one["source"]: one["breached"] for one in findings(ingest, "2011-02", rule)}
    assert breached == {"expected": True, "punctual": False}
    remove(ingest, rule)


def test_the_worker_evaluates_what_has_settled(services: Any, receiver: Receiver) -> None:
    services.ingest.post("/v1/webhooks", json={"url": receiver.url, "events": ["anomaly.found"]})
    rule = add_rule(services.ingest, threshold="1", selector={"source": "live"})
    push(services.ingest, {"source": "live", "period": "2010-05"})
    until = time.monotonic() + 20
    while not receiver.got and time.monotonic() < until:
        time.sleep(0.1)
    (headers, content), *_ = receiver.got
    assert headers["webhook-signature"].startswith("v1,")
    assert json.loads(content)["type"] == "anomaly.found"
    assert json.loads(content)["data"]["rule"] == rule["code"]
    remove(services.ingest, rule)


ALPHABET = "ab1-"
texts = st.text(ALPHABET, min_size=1, max_size=3)
keys = st.sampled_from(["account", "vendor", "tags.x", "fields.a:b", "amount", "posted_on"])
bounds = st.sampled_from(["-1", "0", "1.5", "11", "2009-01", "2009-01-02"])
tests_of_value = st.one_of(
    texts,
    st.lists(texts, min_size=1, max_size=3),
    st.fixed_dictionaries({"ne": texts}),
    st.fixed_dictionaries({"not_in": st.lists(texts, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"starts_with": texts}),
    st.fixed_dictionaries({"contains": texts}),
    st.fixed_dictionaries({"matches": st.sampled_from(["^a", "b$", "[0-9]", "a|b", "^$"])}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    *(st.fixed_dictionaries({name: bounds}) for name in ("gt", "gte", "lt", "lte")),
)
plain_selectors = st.dictionaries(keys, tests_of_value, max_size=2)
selectors = st.recursive(
    plain_selectors,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=4,
)
VALUES = ("a", "b", "ab", "1", "-1", "11", "", None)


@pytest.fixture(scope="module")
def lines(ingest: ServiceUnderTest) -> list[Json]:
    """Lines with every mixture of values, as pushed and as selectors see them."""
    made = []
    for place, account in enumerate(VALUES):
        for other, vendor in enumerate(VALUES):
            line: Json = {
                "source": "oracle", "period": "2009-01", "external_id": f"{place}-{other}",
                "account": account or None, "vendor": vendor, "amount": f"{place - other}.5",
                "posted_on": None if other == 3 else f"2009-01-0{other + 1}",
            }  # fmt: skip
            if vendor is not None:
                line |= {"tags": {"x": vendor}, "fields": {"a:b": account or ""}}
            made.append(line)
    push(ingest, *made)
    return made


def value_of(line: Json, key: str) -> str | None:
    group, _, name = key.partition(".")
    found = line.get(group, {}).get(name) if name else line[key]
    return found or None


def meant(line: Json, selector: Json) -> bool:
    """The rule of selectors once more, written plainly."""
    for key, value in selector.items():
        if key == "not":
            good = not meant(line, value)
        elif key in {"any", "all"}:
            good = {"any": any, "all": all}[key](meant(line, one) for one in value)
        else:
            tests = value if isinstance(value, dict) else {"in": value}
            good = all(holds(value_of(line, key), *test) for test in tests.items())
        if not good:
            return False
    return True


def holds(value: str | None, test: str, operand: Any) -> bool:
    several = [operand] if isinstance(operand, str) else operand
    if test == "exists":
        return (value is not None) == bool(operand)
    if test in {"in", "ne", "not_in"}:
        return (value in several) == (test == "in")
    if value is None:
        return False
    if test in {"starts_with", "contains"}:
        return value.startswith(operand) if test == "starts_with" else operand in value
    return compares(value, test, operand)


def compares(value: str, test: str, operand: str) -> bool:
    if test == "matches":
        return re.search(operand, value) is not None
    number = r"-?[0-9]+(\.[0-9]+)?"
    form = number if re.fullmatch(number, operand) else r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?"
    if not re.fullmatch(form, value):
        return False
    left, right = value[: len(operand)], operand
    sign = (left > right) - (left < right)
    if form == number:
        sign = int((Decimal(value) - Decimal(operand)).compare(Decimal(0)))
    return {"gt": sign > 0, "gte": sign >= 0, "lt": sign < 0, "lte": sign <= 0}[test]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=st.lists(selectors, min_size=1, max_size=8))
def test_the_database_means_the_lines_that_the_selector_means(
    lines: list[Json], found: list[Json]
) -> None:
    asked = [Asked(read_selector(one), "tags.x") for one in found]
    with new_session() as session:
        counted = count_lines(session, asked, ["2009-01"], "actual")["2009-01", "oracle", "EUR"]
    assert counted.rows == len(lines)
    for selector, (rows, amount, gross, missing) in zip(found, counted.of_rules, strict=True):
        mine = [line for line in lines if meant(line, selector)]
        amounts = [Decimal(line["amount"]) for line in mine]
        assert (rows, amount, gross) == (len(mine), sum(amounts), sum(map(abs, amounts))), selector
        assert missing == sum(value_of(line, "tags.x") is None for line in mine)


def test_a_period_is_looked_at_again_only_when_it_or_its_rules_changed(
    ingest: ServiceUnderTest,
) -> None:
    rule = add_rule(ingest, selector={"source": "again"})
    push(ingest, {"source": "again", "period": "2008-01"})
    evaluate_due()
    noted = text("select evaluated_at from quality_evaluation where period = '2008-01'")
    with at_once() as connection:
        first = connection.execute(noted).scalar_one()
        evaluate_due()
        assert connection.execute(noted).scalar_one() == first
        push(ingest, {"source": "again", "period": "2008-01", "amount": "2"})
        evaluate_due()
        assert connection.execute(noted).scalar_one() > first
    remove(ingest, rule)


def test_a_rule_that_is_deleted_under_its_evaluation_does_not_crash_it(
    ingest: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone, stays = (add_rule(ingest, selector={"source": "raced"}) for _ in range(2))
    push(ingest, {"source": "raced", "period": "2007-01"})
    judged = evaluation.findings

    def found_while_it_went(*asked: Any) -> Any:
        found = judged(*asked)
        monkeypatch.undo()
        remove(ingest, gone)
        return found

    monkeypatch.setattr(evaluation, "findings", found_while_it_went)
    due = [span for span in evaluation.due_now() if span.period == "2007-01"]
    evaluation.evaluate_all(due)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    evaluation.evaluate_all(due)
    path = f"{PATH}/{stays['id']}/results"
    (result,) = ingest.get(path, params={"period": "2007-01"}).json()["items"]
    assert result["value"] == "1"
    remove(ingest, stays)
