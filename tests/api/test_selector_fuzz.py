"""No selector becomes SQL: statements keep their text, keys and values are bound, faults are typed.

Every statement that the driver sends while hostile mappings are previewed, written and run is
compared with what harmless mappings of the same shape make it send.
"""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.modelling import Figures, Json, Modelling, direct, ok
from tests.running import ServiceUnderTest

MARK = "zqx"
HOSTILE = [
    "'; drop table cost_line; --",
    '"; delete from mapping; --',
    "x') or 1=1 --",
    "$$; select pg_sleep(9); $$",
    "%s %(name)s %% %",
    ":bound ::text",
    "\\'; \\\" \\n \\",
    "{0} {name}",
    "a/b~c d",
    "成本;'",
    "' union select hash from api_key --",
    "/* */ -- select",
]
PERIOD = "2026-01"


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    made = Modelling(allocation, ingest)
    made.objects("pool", "P")
    made.objects("consumer", "C", "D", tags={"kind": "x"})
    return made


def watch(patch: pytest.MonkeyPatch) -> list[str]:
    """The text of every statement that goes to the database while the patch lasts."""
    seen: list[str] = []

    def record(name: str) -> None:
        send = getattr(psycopg.Cursor, name)

        def watched(self: Any, query: Any, *args: Any, **more: Any) -> Any:
            sql = query.decode() if isinstance(query, bytes) else str(query)
            if sql and "rate_window" not in sql:  # neither looking for life nor counting calls
                seen.append(sql)
            return send(self, query, *args, **more)

        patch.setattr(psycopg.Cursor, name, watched)

    for name in ("execute", "executemany", "copy"):
        record(name)
    return seen


def hostile_mappings(text: str) -> list[Json]:
    """Mappings with the text wherever a text of one's own can stand."""
    value: Json = {
        "any": [
            {f"fields.{text}": text},
            {f"tags.{text}": [text, "D"]},
            {f"tags.{text}": {"contains": text}},
            {f"tags.{text}": {"starts_with": text}},
            {"account": {"ne": text}},
        ]
    }
    onward: Json = {f"object.tags.{text}": {"ne": text}, f"tags.{text}": [text, "other"]}
    return [
        direct("in", "line_to_pool", "P", source=value, priority=1),
        {
            "code": "named",
            "stage": "pool_to_consumer",
            "priority": 1,
            "source": onward,
            "method": "direct",
            "target": {"field": f"tags.{text}", "aliases": {text: "C"}},
        },
        {
            "code": "spread",
            "stage": "pool_to_consumer",
            "priority": 2,
            "source": {"not": {f"fields.{text}": text}},
            "method": "driver",
            "driver": f"lines.count:tags.{text}",
            "on_zero": "even",
            "target": {"not": {f"attributes.{text}": text}, "tags.kind": {"ne": text}},
        },
    ]


def use_everywhere(modelling: Modelling, text: str, period: str) -> Figures:
    """Lines, a model, its previews and its run, all of them about the text."""
    line = {"amount": "100", "account": "1", "tags": {text: text}, "fields": {text: text}}
    modelling.lines(period, [line, {"amount": "50", "account": "2", "tags": {text: "D"}}])
    modelling.publish_model(hostile_mappings(text), {})
    for mapping in hostile_mappings(text):
        body = {"mapping": mapping, "period": period}
        ok(modelling.allocation.post("/v1/mappings/preview", json=body))
    return modelling.run(period)


@pytest.fixture(scope="module")
def harmless(modelling: Modelling) -> set[str]:
    """The statements of harmless mappings of the same shape, in first use and in later use."""
    with pytest.MonkeyPatch.context() as patch:
        seen = watch(patch)
        use_everywhere(modelling, "harmless", "2025-11")
        use_everywhere(modelling, "harmless", "2025-12")
    return set(seen)


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_keys_and_values_only_ever_travel_as_bound_values(
    modelling: Modelling, harmless: set[str], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    text = f"{MARK}{HOSTILE[place]}{MARK}"
    statements = watch(monkeypatch)
    figures = use_everywhere(modelling, text, f"2026-{place + 1:02}")
    assert len(statements) > 50
    assert not [sql for sql in statements if MARK in sql]
    assert set(statements) <= harmless
    assert figures.holding("consumer", "C") == 100
    assert figures.holding("consumer", "D") == figures.left("unknown_target", "P") == 25


@pytest.mark.parametrize("text", HOSTILE)
def test_filters_and_groups_by_any_key_are_bound_too(
    allocation: ServiceUnderTest,
    modelling: Modelling,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    hostile = f"{MARK}{text}{MARK}"
    statements = watch(monkeypatch)
    asked = [
        (allocation, "/v1/consumers", {f"tags.{hostile}": hostile}),
        (allocation, "/v1/consumers", {"q": hostile, "under": hostile, "parent": hostile}),
        (allocation, "/v1/consumers", {"sort": hostile}),
        (allocation, "/v1/mappings", {"code": hostile, "sort": f"-{hostile}"}),
        (allocation, "/v1/views/consumers", {"group_by": f"tags.{hostile}"}),
        (modelling.ingest, "/v1/cost-lines", {f"tags.{hostile}": hostile, "account": hostile}),
        (modelling.ingest, "/v1/cost-lines", {f"fields.{hostile}": hostile}),
    ]
    for client, path, query in asked:
        answer = client.get(path, params=query)
        assert answer.status_code in {200, 400, 422}, answer.text
        assert answer.status_code == 200 or answer.json()["code"]
    assert statements
    assert not [sql for sql in statements if MARK in sql]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["any", "all", "not", "account", "tags.a", "code", "under", "matches",
                             "ne", "gt", "exists", "object", "field", "aliases", "shares"])
            | st.text(max_size=5),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=10,
)  # fmt: skip
json_objects = st.dictionaries(
    st.sampled_from(["any", "not", "account", "tags.a", "code", "object", "field", "shares"])
    | st.text(max_size=5),
    json_values,
    max_size=3,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    source=json_objects,
    target=json_objects,
    stage=st.sampled_from(["line_to_pool", "pool_to_consumer", "solution_to_consumer"]),
    method=st.sampled_from(["direct", "even", "fixed"]),
)
def test_any_json_is_a_mapping_or_a_typed_refusal(
    modelling: Modelling,
    monkeypatch: pytest.MonkeyPatch,
    source: Any,
    target: Any,
    stage: str,
    method: str,
) -> None:
    mapping = {"code": "x", "stage": stage, "method": method, "source": source, "target": target}
    body = {"mapping": mapping, "period": PERIOD}
    answer = modelling.allocation.post("/v1/mappings/preview", json=body)
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 422:
        problem = answer.json()
        assert problem["code"]
        assert problem["errors"], problem
        assert all(one["pointer"].startswith("/") for one in problem["errors"])


def nested(depth: int) -> str:
    return '{"not":' * depth + '{"account":"a"}' + "}" * depth


@pytest.mark.parametrize("path", ["/v1/mappings/preview", "/v1/mappings/bulk", "/v1/mappings"])
@pytest.mark.parametrize("depth", [13, 190, 1_000, 200_000])
def test_deep_nesting_is_a_typed_refusal(
    allocation: ServiceUnderTest, path: str, depth: int
) -> None:
    mapping = (
        '{"code": "x", "stage": "line_to_pool", "method": "direct",'
        f' "target": {{"object": "P"}}, "source": {nested(depth)}}}'
    )
    body = {
        "/v1/mappings": mapping,
        "/v1/mappings/bulk": f'{{"items": [{mapping}]}}',
        "/v1/mappings/preview": f'{{"mapping": {mapping}, "period": "{PERIOD}"}}',
    }[path]
    headers = {"Content-Type": "application/json"}
    answer = allocation.post(path, content=body.encode(), headers=headers)
    if path.endswith("bulk") and answer.status_code == 200:
        (result,) = answer.json()["results"]
        assert result["error"]["errors"][0]["code"] == "bad_selector"
        return
    assert answer.status_code in {400, 413, 422}, answer.text[:300]
    assert answer.json()["code"] in {"bad_selector", "unreadable", "too_deep"}


@pytest.mark.parametrize(
    "source",
    [
        {"account": ["x"] * 10_001},
        {"any": [{"account": "x"}] * 1_001},
        {"account": {"matches": "(a{1000}){1000}"}},
        {"account": {"matches": "x" * 2_001}},
    ],
    ids=["values", "conditions", "a pattern that grows", "a long pattern"],
)
def test_what_is_too_much_is_refused_before_it_is_stored(
    allocation: ServiceUnderTest, modelling: Modelling, source: Json
) -> None:
    answer = allocation.post("/v1/mappings", json=direct("x", "line_to_pool", "P", source=source))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_selector")
    assert ok(allocation.get("/v1/mappings?model_version=draft&code=x"))["items"] == []
