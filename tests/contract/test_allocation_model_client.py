"""Our client of the model against the live allocation service."""

from collections.abc import Iterator

import pytest

from shared.clients.allocation.model import ModelCalls
from shared.contracts.allocation.mappings import PreviewRequest
from shared.errors import Conflict, NotFound
from tests.running import LiveServices

MAPPING = {
    "code": "all-hardware",
    "stage": "line_to_pool",
    "method": "direct",
    "portion": "100",
    "source": {"account": "4711"},
    "target": {"object": "tbm-5.0.1:hardware/lease"},
}


@pytest.fixture(scope="module")
def model(services: LiveServices) -> Iterator[ModelCalls]:
    with ModelCalls(services.urls["allocation"], services.key, language="zh-CN") as calls:
        yield calls


def test_the_model_survives_the_wire(model: ModelCalls) -> None:
    assert model.load_taxonomy("tbm-5.0.1").layers["pool"].created == 49
    (answer,) = model.put_objects("consumers", [{"code": "SHOP", "names": {"zh-CN": "门店"}}])
    assert answer.results[0].status == "created"
    assert [found.name for found in model.walk_objects("consumers", code="SHOP")] == ["门店"]
    (answer,) = model.put_mappings([MAPPING])
    assert answer.results[0].status == "created"
    draft = model.find_version("draft")
    assert draft is not None
    assert model.publish_version(str(draft.id)).status == "published"
    assert model.find_version("draft") is None
    request = PreviewRequest.model_validate({"mapping": MAPPING, "period": "2026-01"})
    assert model.preview_mapping(request).lines == 0
    difference = model.version_difference(str(draft.id), "published")
    assert (difference.added, difference.changed) == ([], [])


def test_periods_are_closed_and_reopened_through_the_client(model: ModelCalls) -> None:
    assert model.close_period("2026-03", "month end").status == "closed"
    with pytest.raises(Conflict, match="2026-03 is closed already"):
        model.close_period("2026-03")
    assert model.reopen_period("2026-03", "late invoice").reason == "late invoice"
    assert model.get_period("2026-03").status == "open"


def test_problems_come_back_as_our_own(model: ModelCalls) -> None:
    with pytest.raises(NotFound) as raised:
        model.load_taxonomy("tbm-9")
    assert raised.value.code == "unknown_taxonomy"
