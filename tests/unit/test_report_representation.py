"""Which representation an `Accept` header asks for; names that repeat are told apart."""

import pytest

from services.valuation.reporting.reports.answers import names_etag, preferred
from services.valuation.reporting.reports.gathering.clear_names import clear_name, repeated_names
from shared.http.exports import NotAcceptable

OFFERED = ["application/json", "application/pdf"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/pdf", "application/pdf"),
        ("application/json;q=0.2, application/pdf", "application/pdf"),
        ("application/pdf;q=0, */*", "application/json"),
        ("text/html, application/pdf;q=0.9, */*;q=0.1", "application/pdf"),
        ("APPLICATION/PDF", "application/pdf"),
    ],
)
def test_the_best_liked_representation_is_chosen(accept: str | None, chosen: str) -> None:
    assert preferred(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["image/png", "application/pdf;q=0, application/json;q=0", "x"])
def test_nothing_acceptable_is_said_so(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        preferred(accept, OFFERED)


@pytest.mark.parametrize(
    ("header", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)],
)
def test_known_bytes_are_recognised(header: str, known: bool) -> None:
    assert names_etag(header, '"a"') is known


def test_only_names_that_repeat_get_their_parent_in_front() -> None:
    names = {"hw/lease": "Lease", "dc/lease": "Lease", "saas": "SaaS"}
    assert repeated_names(names) == ["hw/lease", "dc/lease"]
    known = {
        "hw": {"code": "hw", "name": "Hardware", "parent": None},
        "hw/lease": {"code": "hw/lease", "name": "Lease", "parent": "hw"},
    }
    assert clear_name("hw/lease", known) == "Hardware › Lease"
    assert clear_name("hw", known) is None
    assert clear_name("unknown", known) is None
