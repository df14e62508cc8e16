"""No parameter of any endpoint becomes part of a statement, however it is written."""

import time
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.test_selector_fuzz import watch
from tests.running import ServiceUnderTest

MARK = "zqx"
HOSTILE = [
    "' or '1'='1", "'; drop table cost_line; --", '"; select pg_sleep(60); --',
    "x') or pg_sleep(60) is null --", "1; select pg_sleep(60)", "$$; select pg_sleep(60); $$",
    "' union select hash from api_key --", "%s %(name)s %% :bound", "\\'; \\\" \\n",
    "/* */ -- #", "\u2019 or 1=1 \uff07; \u02bc", "\x00'", "{0}{name}${7*7}", "../../etc/passwd",
]  # fmt: skip
LONGEST_SECONDS = 30.0
"""Far above any answer, below the sleep that a statement of ours would have been talked into."""
SERVICES = ("ingest", "allocation", "valuation")
Ask = tuple[str, dict[str, str]]


def marked(text: str) -> str:
    return f"{MARK}{text}{MARK}"


def reading_operations(client: ServiceUnderTest) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The path and the parameters of everything that can be read."""
    for path, item in client.get("/openapi.json").json()["paths"].items():
        if "get" in item:
            yield path, [*item.get("parameters", []), *item["get"].get("parameters", [])]


def named(parameters: list[dict[str, Any]], place: str) -> list[str]:
    return [each["name"] for each in parameters if each.get("in") == place]


def filled(path: str, parameters: list[dict[str, Any]], text: str) -> str:
    """The path with the text, where its variables take a text."""
    for name in named(parameters, "path"):
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path


def all_at_once(client: ServiceUnderTest) -> Iterator[Ask]:
    """Each endpoint once with a hostile text in all of its parameters, then in those of a list."""
    number = count()
    for path, parameters in reading_operations(client):
        text = marked(HOSTILE[next(number) % len(HOSTILE)])
        query = dict.fromkeys(named(parameters, "query"), text)
        where = filled(path, parameters, text)
        yield where, query
        for name in ("sort", "q"):
            if name in query:
                yield where, {name: text}


def one_by_one(client: ServiceUnderTest) -> Iterator[Ask]:
    """Every parameter of every endpoint alone with every hostile text, and keys of our own."""
    for path, parameters in reading_operations(client):
        for text in map(marked, HOSTILE):
            where = filled(path, parameters, text)
            for name in [*named(parameters, "query"), f"tags.{text}", f"fields.{text}", text]:
                yield where, {name: text}


def stay_bound(client: ServiceUnderTest, asks: Iterator[Ask], patch: pytest.MonkeyPatch) -> int:
    """How many were asked; none crashes, sleeps, or reaches the text of a statement."""
    asked = 0
    listed = list(asks)
    statements = watch(patch)
    for path, query in listed:
        began = time.monotonic()
        answer = client.get(path, params=query)
        assert answer.status_code < 500, (path, query, answer.text)
        assert time.monotonic() - began < LONGEST_SECONDS, (path, query)
        assert not [sql for sql in statements if MARK in sql], (path, query)
        statements.clear()
        asked += 1
    return asked


@pytest.mark.parametrize("service", SERVICES)
def test_no_endpoint_takes_its_parameters_for_a_statement(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    client: ServiceUnderTest = request.getfixturevalue(service)
    assert stay_bound(client, all_at_once(client), monkeypatch) > 40


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_no_parameter_with_any_hostile_text_becomes_a_statement(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    client: ServiceUnderTest = request.getfixturevalue(service)
    assert stay_bound(client, one_by_one(client), monkeypatch) > 2_000
