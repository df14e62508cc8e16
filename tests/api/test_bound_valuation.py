"""The value side is the whole company's: who is bound to consumers sees none of it."""

import pytest

from tests.api.test_bound_callers import Json, example_of, operations, required
from tests.modelling import ok
from tests.running import ServiceUnderTest, a_key

SHARED = {"healthz", "readyz", "metrics", "get_me", "create_evaluation"}
"""The process itself, and what stores and tells nothing."""


@pytest.fixture(scope="module")
def document(valuation: ServiceUnderTest) -> Json:
    found: Json = ok(valuation.get("/openapi.json"))
    return found


def test_no_operation_answers_a_bound_caller(valuation: ServiceUnderTest, document: Json) -> None:
    bound = valuation.as_caller(a_key(["valuation:admin"], consumers=["EAST"]))
    nobody = "01a205a1-6c6c-7017-9233-10a39aeea1e5"
    asked = 0
    for name, method, template, operation in operations(document):
        if name in SHARED or name.endswith("_job") or name == "list_jobs":
            continue
        path = "/".join(nobody if "{" in part else part for part in template.split("/"))
        answer = valuation.request(
            method.upper(), path, headers={"If-Match": "*", **bound},
            params=required(operation), json=example_of(document, operation),
        )  # fmt: skip
        assert (answer.status_code, answer.json().get("code")) == (403, "caller_is_bound"), (
            name,
            answer.text,
        )
        asked += 1
    assert asked > 100
