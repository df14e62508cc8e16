"""What the fuzzer is told beside the documents: real ids, the shape of every refusal, a ledger.

schemathesis loads this by SCHEMATHESIS_HOOKS, in its own process. BTIM_FUZZ_LEDGER is a file: one
line per answer. BTIM_FUZZ_HIDDEN is a text that no answer may hold.
"""

import json
import os
import random
import re
import urllib.request
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

LEDGER = Path(os.environ["BTIM_FUZZ_LEDGER"])
HIDDEN = os.environ.get("BTIM_FUZZ_HIDDEN", "")
AUTHORIZATION = os.environ["BTIM_FUZZ_AUTHORIZATION"]
ASKED_AGAIN_EVERY = 40
KEPT_IDS = 20
LEFT_AS_MADE_UP = 0.2
USUAL_HEADERS = {"if-match": "*", "accept": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "code", "correlation_id", "errors"}
INSIDES = re.compile(
    r"Traceback \(most recent|File \"[^\"]+\", line|site-packages|/(usr|home|root|tmp|work)/"
    r"|psycopg|sqlalchemy|\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b",
    re.DOTALL,
)
_ids: dict[str, tuple[int, list[str]]] = {}
_random = random.Random(1)


class BrokenPromise(Failure):
    """An answer that tells too much, or a refusal that tells too little."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Most valid requests name what is there, in the state in which it is; no other would hit."""
    del context, kwargs
    if _random.random() < LEFT_AS_MADE_UP:
        return
    if not _negative(case, ParameterLocation.PATH):
        _name_what_is_there(case)
    if not _negative(case, ParameterLocation.HEADER):
        for name, usual in USUAL_HEADERS.items():
            if name in (case.headers or {}):
                case.headers[name] = usual


def _negative(case: Any, place: ParameterLocation) -> bool:
    return bool(case.meta and case.meta.is_negative_at(place))


def _name_what_is_there(case: Any) -> None:
    collection = re.match(r"(/v1/[^{]+)/\{(\w+)\}", case.operation.path)
    if collection is None or collection[2] not in (case.path_parameters or {}):
        return
    known = _known(case.operation.base_url, collection[1])
    if known:
        case.path_parameters = {**case.path_parameters, collection[2]: _random.choice(known)}


def _known(base: str, collection: str) -> list[str]:
    """Ids, or names, of what a collection holds by now."""
    asked, known = _ids.get(collection, (0, []))
    if asked % ASKED_AGAIN_EVERY == 0:
        known = _asked_for(f"{base}{collection}?limit={KEPT_IDS}") or known
    _ids[collection] = (asked + 1, known)
    return known


def _asked_for(url: str) -> list[str]:
    request = urllib.request.Request(url, headers={"Authorization": AUTHORIZATION})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            items = json.load(answer).get("items", [])
    except (OSError, ValueError):
        return []
    return [str(item.get("id") or item.get("name") or item.get("period")) for item in items]


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Note what was answered."""
    del context
    with LEDGER.open("a") as ledger:
        ledger.write(f"{case.operation.label}\t{response.status_code}\n")


@schemathesis.check
def refusals_are_whole_and_tell_nothing_of_the_inside(ctx: Any, response: Any, case: Any) -> None:
    """Every 4xx and 5xx is a problem document; no trace, SQL or path of ours, nothing hidden."""
    del ctx
    operation = case.operation.label
    if HIDDEN and HIDDEN in (response.text or ""):
        raise BrokenPromise(operation=operation, title="A foreign row", message=HIDDEN)
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
    sent = f"{case.path_parameters}{case.query}{case.body}"
    inside = INSIDES.search(response.text)
    if inside and inside[0] not in sent:
        raise BrokenPromise(operation=operation, title="Tells of the inside", message=inside[0])
