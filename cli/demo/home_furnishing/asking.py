"""A figure, the call that gives it, and where in the answer it stands."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from cli.calling import System

_NAMED = re.compile(r"\{(\w+):([^}]+)\}")
_STEP = re.compile(r"(\w+)(?:\[(\w+)=([^\]]+)\])?")


@dataclass(frozen=True)
class Figure:
    """One published figure.

    `path` may name things by code: `{kpi:inventory-turns}`, `{run:2025-05}`. `read` leads through
    the answer: `items[code=design].cost_share`; `sum items.value` adds up what all items say, and
    `sum items[code=a|b].value` what these two say.
    `expected` is the answer, which is rounded to as many decimals before it is compared. `rows`
    are the files that it is computed from.
    """

    published: str
    en: str
    zh: str
    service: str
    path: str
    read: str
    expected: str
    rows: str

    @property
    def call(self) -> str:
        """How the call is written down."""
        return f"GET {self.path}"

    def ask(self, system: System) -> Decimal | str:
        """What the system answers, as exact as it says it."""
        path, _, query = self.path.partition("?")
        client = getattr(system, self.service)
        told = client.request("GET", resolve(system, path), query=dict(parse_qsl(query))).json()
        return read_answer(told, self.read)

    def agrees(self, found: Decimal | str) -> bool:
        """Whether an answer is the published figure."""
        if isinstance(found, str):
            return found == self.expected
        wanted = Decimal(self.expected)
        return round(found, max(0, -int(wanted.as_tuple().exponent))) == wanted


def read_answer(told: Any, read: str) -> Decimal | str:
    """The figure in an answer; words stay words."""
    if read.startswith("sum "):
        collection, field = read.removeprefix("sum ").rsplit(".", 1)
        return sum((Decimal(each[field]) for each in _follow(told, collection)), Decimal(0))
    value = _follow(told, read)
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return str(value)


def resolve(system: System, path: str) -> str:
    """A path with ids in the place of codes."""
    return _NAMED.sub(lambda named: _id_of(system, named[1], named[2]), path)


def _id_of(system: System, kind: str, code: str) -> str:
    asked = {
        "kpi": (system.valuation, "/v1/value-kpis", {"code": code}),
        "initiative": (system.valuation, "/v1/initiatives", {"code": code}),
        "review": (system.valuation, "/v1/post-implementation-reviews", {"initiative": code}),
        "run": (system.allocation, "/v1/runs", {"period": code, "published": "true"}),
        "import": (system.ingest, "/v1/imports", {"kind": code, "status": "succeeded"}),
    }
    client, collection, query = asked[kind]
    found = list(client.walk(collection, **query))
    return str(max(found, key=lambda each: str(each.get("due_on") or ""))["id"])


def _follow(told: Any, read: str) -> Any:
    for step in read.split("."):
        matched = _STEP.fullmatch(step)
        if matched is None:
            raise ValueError(f"{step!r} does not lead anywhere")
        name, field, wanted = matched.groups()
        told = (told[0] if isinstance(told, list) else told)[name]
        if field is not None:
            told = [each for each in told if str(each[field]) in wanted.split("|")]
    return told
