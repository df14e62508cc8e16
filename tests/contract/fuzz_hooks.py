"""What the fuzzer is told beside the documents: real ids, the shape of every refusal, a ledger.

schemathesis loads this by SCHEMATHESIS_HOOKS, in its own process. BTIM_FUZZ_LEDGER is a file: one
line per answer. BTIM_FUZZ_HIDDEN is a pattern of what no answer may tell, BTIM_FUZZ_OWN what some
have to.
"""

import json
import os
import random
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

from tests.contract.documented_requests import Place
from tests.contract.refusals import INSIDES, MEMBERS

LEDGER = Path(os.environ["BTIM_FUZZ_LEDGER"])
AUTHORIZATION = os.environ["BTIM_FUZZ_AUTHORIZATION"]
OWN = os.environ.get("BTIM_FUZZ_OWN", "")
HIDDEN = re.compile(os.environ.get("BTIM_FUZZ_HIDDEN", "") or r"(?!)")
ASKED_AGAIN_EVERY = 25
EXAMPLES_OF_EACH = 4
LONGEST_QUERY = 10_000
AS_DOCUMENTED = 0.3
WITH_REAL_NAMES = 0.5
BEYOND_A_SCHEMA = {
    "value_error",  # what fields mean together, codes of ISO 4217
    "less_than_equal", "greater_than_equal", "less_than", "greater_than",  # decimals in strings
    "string_too_short", "too_short",  # blanks alone
    "int_type",  # 2.0
    "missing", "unknown_field",  # what a source or schedule needs depends on its kind
    "model_type", "literal_error", "bool_type",  # each kind of a choice says why it is not meant
}  # fmt: skip
"""Codes of bounds on single values that a document of this version cannot say, and why."""
_random = random.Random(1)
_places: list[Place] = []


class BrokenPromise(Failure):
    """An answer that tells too much, or a refusal that tells too little."""


@schemathesis.hook
def before_add_examples(context: Any, examples: list[Any]) -> None:
    """The documented request, naming what is there, some times for each operation."""
    operation = context.operation
    if not operation.path.startswith("/v1/"):
        return
    for _ in range(EXAMPLES_OF_EACH):
        wanted = _as_documented(operation)
        if wanted is not None:
            examples.append(operation.Case(**wanted))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Most valid requests name what is there, in the state in which it is; no other would hit."""
    del context, kwargs
    template, chance = case.operation.path, _random.random()
    if case.meta is None or not template.startswith("/v1/"):
        return
    if not case.meta.generation.mode.is_negative and chance < AS_DOCUMENTED:
        wanted = _as_documented(case.operation)
        if wanted is not None:
            case.headers.update(wanted["headers"])
            case.path_parameters, case.query = wanted["path_parameters"], wanted["query"]
            case.body = wanted["body"]
    elif "{" in template and not case.meta.is_negative_at(ParameterLocation.PATH):
        if template.startswith("/v1/api-keys/"):
            case.path_parameters = {"key_id": str(uuid4())}
        elif chance < AS_DOCUMENTED + WITH_REAL_NAMES:
            real = _plain(_place(case.operation).path(template))
            case.path_parameters = real or case.path_parameters
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    if is_form and not case.meta.is_negative_at(ParameterLocation.BODY):  # forms have no null
        case.body = {name: value for name, value in case.body.items() if value is not None}
    if case.query and sum(len(str(value)) for value in case.query.values()) > LONGEST_QUERY:
        case.query = {name: _shortened(value) for name, value in case.query.items()}
    if "If-Match" in case.headers and not case.meta.is_negative_at(ParameterLocation.HEADER):
        case.headers["If-Match"] = "*"


def _shortened(value: Any) -> Any:
    """Each parameter alone may be long, all of them together are no address (414)."""
    return value[:100] if isinstance(value, str | list) else value


def _as_documented(operation: Any) -> dict[str, Any] | None:
    """The parts of a documented request as schemathesis has them: a file is a text."""
    wanted = _place(operation).wanted(operation.method.upper(), operation.path)
    if wanted is None:
        return None
    body = NOT_SET if wanted.body is None else wanted.body
    if isinstance(body, dict) and isinstance(body.get("file"), bytes):
        body = {**body, "file": body["file"].decode()}
    path, headers = _plain(wanted.path), CaseInsensitiveDict(wanted.headers)
    return {"path_parameters": path, "query": wanted.query, "headers": headers, "body": body}


def _plain(values: dict[str, str] | None) -> dict[str, str]:
    """Schemathesis quotes what it puts into a path."""
    return {name: unquote(value) for name, value in (values or {}).items()}


def _place(operation: Any) -> Place:
    if not _places:
        document = operation.schema.raw_schema
        url = operation.base_url.rstrip("/")
        schemas = document["components"]["schemas"]
        place = Place(url, AUTHORIZATION, document["paths"], schemas, OWN or "SHOP-00")
        place.asked_again_every = ASKED_AGAIN_EVERY
        _places.append(place)
    return _places[0]


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Note what was answered, and whether it told of the caller's own."""
    del context
    own = bool(OWN) and response.status_code < 300 and OWN in _text(response)
    with LEDGER.open("a") as ledger:
        ledger.write(f"{case.operation.label}\t{response.status_code}\t{int(own)}\n")


def _text(response: Any) -> str:
    """Reports may be of any bytes."""
    return str(response.content.decode(errors="replace"))


@schemathesis.check
def bad_items_of_a_bulk_are_refused(ctx: Any, response: Any, case: Any) -> None:
    """Bulk requests answer 200 with a result per item; a bad item has an error of its own."""
    del ctx
    if not case.operation.path.endswith("/bulk") or response.status_code != 200:
        return
    if case.meta is None or not case.meta.is_negative_at(ParameterLocation.BODY):
        return
    results = response.json()["results"]
    if not any(each["status"] == "error" for each in results):
        message = f"{len(results)} results without an error"
        raise BrokenPromise(operation=case.operation.label, title="Bad item taken", message=message)


@schemathesis.check
def refusals_are_whole_and_tell_nothing_of_the_inside(ctx: Any, response: Any, case: Any) -> None:
    """Every 4xx and 5xx is a problem document; no trace, SQL or path of ours, nothing hidden."""
    del ctx
    operation = case.operation.label
    sent = f"{case.path_parameters}{case.query}{case.headers}{case.body}"
    foreign = set(HIDDEN.findall(_text(response)))
    if told := [each for each in foreign if each not in sent]:
        raise BrokenPromise(operation=operation, title="A foreign row", message=str(told))
    if response.status_code < 400:
        return
    kind = (response.headers.get("content-type") or [""])[0]
    if not kind.startswith("application/problem+json"):
        raise BrokenPromise(operation=operation, title="Not a problem document", message=kind)
    document = response.json()
    if document.keys() != MEMBERS or document["status"] != response.status_code:
        message = json.dumps(document)
        raise BrokenPromise(operation=operation, title="Half a problem document", message=message)
    if document["correlation_id"] != response.headers["x-correlation-id"][0]:
        raise BrokenPromise(operation=operation, title="Another correlation id", message="")
    inside = INSIDES.search(_text(response))
    if inside and inside[0] not in sent:
        raise BrokenPromise(operation=operation, title="Tells of the inside", message=inside[0])


@schemathesis.check
def what_the_document_allows_is_not_called_invalid(ctx: Any, response: Any, case: Any) -> None:
    """A request valid by its schema may break a rule, but never a bound the schema could state."""
    del ctx
    if case.meta is None or case.meta.generation.mode.is_negative or response.status_code != 422:
        return
    document = response.json()
    if document["code"] != "invalid":
        return
    stated = [error for error in document["errors"] if error["code"] not in BEYOND_A_SCHEMA]
    if case.operation.method.upper() == "PATCH":  # a merge patch may not take everything away
        stated = [error for error in stated if not _takes_away(case.body, error["pointer"])]
    if stated:
        message = json.dumps(stated, ensure_ascii=False)
        raise BrokenPromise(operation=case.operation.label, title="Allowed yet", message=message)


def _takes_away(body: Any, pointer: str) -> bool:
    """Whether a merge patch has null there, above or below."""
    for name in pointer.split("/")[1:]:
        if not isinstance(body, dict):
            break
        body = body.get(name.replace("~1", "/").replace("~0", "~"))
    return body is None or (isinstance(body, dict) and None in body.values())
