"""The request that a document shows for an operation, made to name what a service holds.

A path is filled from the lists above it, in the state that the operation asks for; the query holds
what has to be there; the body is a documented example; changes carry `If-Match: *`.
"""

import json
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from tests.running import LiveServices

Json = dict[str, Any]
KEPT = 30
MADE_UP_CALLER = "robot-7"
"""Whose keys may be revoked: the documented one's; the services and the asker need theirs."""
KEYS = {"code", "layer", "object", "period", "kpi", "metric", "source", "as_of", "driver"}
ITSELF = ("id", "line", "number", "period", "name", "code")
QUERY = {
    "layer": "consumer", "driver": "seats", "period": "2026-02", "from": "2026-01",
    "to": "2026-02", "cost_of": "SCM", "wait": "30",
}  # fmt: skip
INSTEAD = {"period": "from", "cost_of": "", "wait": ""}
"""What is given though it need not be, unless the operation demands the other."""
CROSSWALK = {"from": "tbm-4.1", "to": "tbm-5.0.1"}
FILTERS = {
    "/v1/runs/{run_id}": "?published=true",
    "/v1/mappings/{mapping_id}": "?model_version=draft",
    "/v1/model-versions/{version_id}": "?status=draft",
    "/v1/model-versions/{version_id}/approve": "?status=in_review",
    "/v1/model-versions/{version_id}/reject": "?status=in_review",
    "/v1/disputes/{dispute_id}/review": "?status=open",
    "/v1/disputes/{dispute_id}/uphold": "?status=in_review",
    "/v1/disputes/{dispute_id}/reject": "?status=in_review",
    "/v1/disputes/{dispute_id}/correct": "?status=upheld",
    "/v1/statements/{statement_id}/issue": "?status=draft",
    "/v1/cost-pools/{object_id}": "?q=ERP-",
    "/v1/resources/{object_id}": "?q=ERP-",
    "/v1/solutions/{object_id}": "?q=ERP-",
    "/v1/consumers/{object_id}": "?q=ERP-",
    "/v1/initiatives/{initiative_id}/value-expectations": "?stage=proposed",
    "/v1/initiatives/{initiative_id}/approve": "?stage=proposed&sponsor=nobody%20in%20particular",
    "/v1/initiatives/{initiative_id}/start": "?stage=approved",
    "/v1/initiatives/{initiative_id}/go-live": "?stage=in_delivery",
    "/v1/initiatives/{initiative_id}/close": "?stage=live",
    "/v1/initiatives/{initiative_id}/reject": "?stage=proposed",
    "/v1/imports/{import_id}": "?status=succeeded&kind=ledger",
    "/v1/post-implementation-reviews/{review_id}": "?state=in_progress",
    "/v1/post-implementation-reviews/{review_id}/start": "?state=scheduled",
    "/v1/post-implementation-reviews/{review_id}/approve": "?state=submitted",
    "/v1/post-implementation-reviews/{review_id}/return": "?state=submitted",
}
"""The state in which operations take their object, as a filter of the list; longest path first."""
IN_REVIEW, DRAFTS = "/v1/model-versions?status=in_review", "/v1/model-versions?status=draft"
A_CHANGE = ("", "/v1/mappings")
MADE_BY = {
    "/v1/mappings?model_version=draft": [(IN_REVIEW, "/v1/model-versions/{}/reject"), A_CHANGE],
    DRAFTS: [(IN_REVIEW, "/v1/model-versions/{}/reject"), A_CHANGE],
    IN_REVIEW: [A_CHANGE, (DRAFTS, "/v1/model-versions/{}/submit")],
}
"""What makes one in that state where there is none left: POSTs for each on a list, or as shown."""
BUSY_TRIES = 3
TRIES = 8
"""How often another thing is looked at until one has what the path goes on to."""
ELSEWHERE: dict[str, str | list[str]] = {
    "/v1/charts": ["flow", "cost-distribution"],
    "/v1/periods": ["2024-06"],
    "/v1/runs/{run_id}/cost-lines": "/v1/runs/{run_id}/trace?layer=pool&code=HW&to=line",
}
"""What stands in a path, or where it is listed, if not at the path above it."""
REFERENCES = {
    "run": ("/v1/runs?published=true",),
    "base": ("/v1/runs?published=true",),
    "statement_line": ("/v1/statements?status=issued", "/v1/statements/{}"),
    "review": ("/v1/post-implementation-reviews?state=approved",),
}
"""Fields with the id of something else: the list to look in, then the list in one of its items."""
FORMS = {"/v1/imports": {"kind": "ledger"}, "/v1/profiles/detect": {"kind": "ledger"}}
"""What a form says beside its file."""
LEDGER = "Date,Amount,Currency,Supplier,Account\n2026-03-05,{},CNY,Lenovo,HW\nx,y,z,,\n"


class Wanted(NamedTuple):
    """A request; the body is JSON or the fields of a form."""

    path: Json
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Place:
    """A live service, its document, and how to ask it."""

    url: str
    authorization: str
    paths: Json
    schemas: Json
    code: str = "SHOP-00"
    asked_again_every: int = 1
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    _known: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def send(self, method: str, path: str, wanted: Wanted | None = None) -> tuple[int, Any]:
        """The status, and the body as JSON where it is some; asks again after 503, as told to."""
        for _ in range(BUSY_TRIES):
            status, content = self._send_once(method, path, wanted)
            if status != 503:
                break
            time.sleep(1)
        return status, content

    def _send_once(self, method: str, path: str, wanted: Wanted | None) -> tuple[int, Any]:
        headers, data, query = {"Authorization": self.authorization}, None, ""
        if wanted is not None:
            query = f"?{urlencode(wanted.query)}" if wanted.query else ""
            headers |= wanted.headers
            if wanted.body is not None:
                data, headers["Content-Type"] = _encoded(wanted.body)
        request = urllib.request.Request(  # noqa: S310
            self.url + path + query, data, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, content = refused.code, refused.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content

    def wanted(self, method: str, template: str) -> Wanted | None:
        """The documented request; None where nothing is there that its path could name."""
        operation = self.paths[template][method.lower()]
        path = self.path(template)
        if path is None:
            return None
        query = dict(self._query(template, operation))
        headers = {"If-Match": "*"} if method in {"PATCH", "PUT", "DELETE"} else {}
        return Wanted(path, query, headers, self._body(method, template, path, operation))

    def path(self, template: str) -> Json | None:
        """Quoted values for the names in a path; None where nothing is there to be named."""
        tries = TRIES if template.count("{") > 1 else 1
        paths = (self._any_path(template) for _ in range(tries))
        return next((path for path in paths if path is not None), None)

    def _any_path(self, template: str) -> Json | None:
        values: Json = {}
        for found in re.finditer(r"/\{(\w+)\}", template):
            above = template[: found.start()]
            listed = ELSEWHERE.get(above, above)
            if isinstance(listed, str):
                listed = self._listed(listed.format(**values), self._filter(template, above))
            if not listed:
                return None
            values[found[1]] = self.chance.choice(listed)
        return values

    def _filter(self, template: str, above: str) -> str:
        fitting = [each for each in FILTERS if template.startswith(each)]
        best = max(fitting, key=len, default="")
        return FILTERS[best] if best and above.count("{") == 0 else ""

    def _listed(self, collection: str, narrowed: str = "") -> list[str]:
        """What names the items of a list, by now; of all of it where the filter finds nothing."""
        where = collection + narrowed
        asked, known = self._known.get(where, (0, []))
        if "?" in where or asked % self.asked_again_every == 0:
            known = self._names(where, known)
        self._known[where] = (asked + 1, known)
        if known or not narrowed:
            return known
        for listed, template in MADE_BY.get(where, ()):
            for name in self._names(listed) if listed else [""]:
                self.send("POST", template.format(name), None if listed else self._shown(template))
        return self._names(where) or self._listed(collection)

    def _names(self, where: str, otherwise: Iterable[str] = ()) -> list[str]:
        status, found = self.send("GET", where)
        if status != 200:
            return list(otherwise)
        items = next(each for each in found.values() if isinstance(each, list))
        return [name for item in items[:KEPT] if (name := _name(item))]

    def _shown(self, template: str) -> Wanted:
        operation = self.paths[template]["post"]
        return Wanted({}, {}, {}, self._body("POST", template, {}, operation))

    def _query(self, template: str, operation: Json) -> Iterator[tuple[str, str]]:
        names = {
            each["name"]: bool(each.get("required"))
            for each in operation.get("parameters", [])
            if each["in"] == "query"
        }
        usual = CROSSWALK if template.endswith("/crosswalk") else QUERY
        for name, required in names.items():
            if name == "code" and (required or names.get("layer")):
                yield name, self.code
            elif name == "base" and required:
                yield name, self._reference("base") or ""
            elif name in usual and (required or (name in INSTEAD and not names.get(INSTEAD[name]))):
                yield name, usual[name]

    def _body(self, method: str, template: str, path: Json, operation: Json) -> Any:
        content = operation.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            return {"file": self._file(template, path), **FORMS.get(template, {})}
        if "application/json" not in content:
            return None
        shown = list(_examples(content["application/json"], self.schemas))
        body = json.loads(json.dumps(self.chance.choice(shown))) if shown else {}
        if isinstance(body, dict):
            self._fit(method, template, path, body)
        return body

    def _file(self, template: str, path: Json) -> bytes:
        """A ledger with a new amount and a bad row; the bad rows themselves, to be mended."""
        if template.endswith("/rejects/file"):
            kind = Wanted({}, {"with": "cells"}, {"Accept": "text/csv"}, None)
            content = self.send("GET", template.removesuffix("/file").format(**path), kind)[1]
            return content if isinstance(content, bytes) else b""
        return LEDGER.format(f"{self.chance.randrange(1, 10**6)}.25").encode()

    def _fit(self, method: str, template: str, path: Json, body: Json) -> None:
        """A new code for what is new, the kept one for what is there, ids of what exists."""
        for name in REFERENCES.keys() & body.keys():
            if isinstance(body[name], str):
                body[name] = self._reference(name) or body[name]
        if method == "POST":
            new = self.chance.randrange(10**9)
            if isinstance(body.get("code"), str):
                body["code"] = f"{body['code']}-{new}"
            if "url" in body:
                body["url"] += f"/{new}"
            if template == "/v1/post-implementation-reviews":
                body["due_on"] = f"{2030 + new % 60}-0{1 + new % 9}-{10 + new % 19}"
        if template.endswith("/rejects/retry"):
            rejects = self.send("GET", template.removesuffix("/retry").format(**path))[1]
            for item, reject in zip(body["items"], rejects.get("items", ()), strict=False):
                item["row"] = reject["row"]
        if method == "PUT":
            status, there = self.send("GET", template.format(**path))
            same = KEYS & body.keys() & there.keys() if status == 200 else set()
            body |= {name: there[name] for name in same}

    def _reference(self, name: str) -> str | None:
        first, *then = REFERENCES[name]
        for where in then:
            known = self._listed(first)
            if not known:
                return None
            first = where.format(self.chance.choice(known))
        known = self._listed(first)
        return self.chance.choice(known) if known else None


def place_of(services: LiveServices, service: str) -> Place:
    """A service of the tests, asked as its admin."""
    document = getattr(services, service).get("/openapi.json").json()
    authorization = f"Bearer {services.key}"
    schemas = document["components"]["schemas"]
    return Place(services.urls[service], authorization, document["paths"], schemas)


def _encoded(body: Any) -> tuple[bytes, str]:
    if not (isinstance(body, dict) and isinstance(body.get("file"), bytes)):
        return json.dumps(body).encode(), "application/json"
    parts = [
        f'--part\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in body.items()
        if name != "file"
    ]
    file = b'--part\r\nContent-Disposition: form-data; name="file"; filename="ledger.csv"\r\n\r\n'
    parts += [file, body["file"], b"\r\n--part--\r\n"]
    return b"".join(parts), "multipart/form-data; boundary=part"


def _name(item: Json) -> str:
    """What a path calls it; nothing for what is to stay, and for what has no id of its own."""
    if "prefix" in item and item.get("subject") != MADE_UP_CALLER:
        return ""
    value = next((item[name] for name in ITSELF if isinstance(item.get(name), str | int)), "")
    return "" if "id" in item and item["id"] is None else quote(unquote(str(value)), safe="")


def _examples(content: Json, schemas: Json) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    for each in content.get("examples", {}).values():
        yield each["value"]
    yield from _of_schema(content.get("schema", {}), schemas)


def _of_schema(schema: Json, schemas: Json) -> Iterator[Any]:
    if "$ref" in schema:
        yield from _of_schema(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
        return
    yield from schema.get("examples", ())
    for variant in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _of_schema(variant, schemas)
    items = schema.get("properties", {}).get("items", {}).get("items")
    if items and not schema.get("examples"):
        yield from ({"items": [each]} for each in _of_schema(items, schemas))
