"""What a mapping would do, before it is written: for every kind of stage and method."""

from typing import Any

import pytest

from tests.modelling import Figures, Modelling, by_driver, direct, ok
from tests.running import ServiceUnderTest

PERIOD = "2026-03"
MAPPINGS = [
    direct("in", "line_to_pool", "CLOUD", source={"account": "cloud"}),
    by_driver("compute", "pool_to_resource", "cores", {}),
    direct("net", "resource_to_resource", "R1", source={"code": "R2"}, portion="50"),
    by_driver("apps", "resource_to_solution", "hours", {}),
]


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Figures:
    made = Modelling(allocation, ingest)
    made.objects("pool", "CLOUD", "IDLE")
    made.objects("resource", "R1", "R2", "R3")
    made.objects("solution", "S1", "S2")
    made.driver("cores")
    made.driver("hours", basis="estimated")
    made.driver("room")
    made.lines(
        PERIOD,
        [
            {"amount": "80", "account": "cloud", "tags": {"pool": "CLOUD"}},
            {"amount": "20", "account": "cloud", "tags": {"pool": "MIST"}},
            {"amount": "3", "account": "other"},
        ],
    )
    made.quantities("cores", PERIOD, {"R1": "3", "R2": "1", "GONE": "1"})
    made.quantities("hours", PERIOD, {"S1": "1"}, source="R1")
    made.quantities("room", PERIOD, {"R1": "4"})
    made.publish_model(MAPPINGS, {})
    return made.run(PERIOD, publish=True)


def preview(run: Figures, **mapping: Any) -> Any:
    body = {"mapping": {"code": "tried", **mapping}, "period": PERIOD}
    return ok(run.allocation.post("/v1/mappings/preview", json=body))


def outcomes(found: Any) -> list[tuple[str, int, int, list[str]]]:
    return [
        (one["outcome"], one["lines"], one["objects"], [sum_["amount"] for sum_ in one["amounts"]])
        for one in found["outcomes"]
    ]


def test_lines_go_where_they_name_a_pool_that_is_there(run: Figures) -> None:
    field = {"stage": "line_to_pool", "method": "direct", "target": {"field": "tags.pool"}}
    found = preview(run, **field)
    assert outcomes(found) == [("moves", 1, 0, ["80"]), ("unknown_target", 2, 0, ["23"])]
    assert found["unknown_targets"] == ["MIST"]
    assert outcomes(preview(run, **field, on_zero="next"))[1:] == [
        ("left_to_next", 1, 0, ["3"]),
        ("unknown_target", 1, 0, ["20"]),
    ]


def test_lines_can_be_put_out_of_scope(run: Figures) -> None:
    found = preview(
        run,
        stage="line_to_pool",
        method="direct",
        source={"account": "other"},
        target={"out_of_scope": True},
    )
    assert outcomes(found) == [("out_of_scope", 1, 0, ["3"])]


def test_a_pools_lines_move_by_a_driver_and_its_strangers_are_named(run: Figures) -> None:
    found = preview(run, stage="pool_to_resource", method="driver", driver="cores", target={})
    assert outcomes(found) == [("moves", 2, 1, ["100"])]
    assert (found["unknown_targets"], found["targets"]) == (["GONE"], 3)
    assert [one["mapping"] for one in found["overlaps"]] == ["compute"]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"method": "driver", "driver": "nothing"}, "no_driver"),
        ({"method": "driver", "driver": "nothing", "on_zero": "next"}, "left_to_next"),
        ({"method": "driver", "driver": "room", "target": {"code": ["R2"]}}, "zero_weight"),
        ({"method": "capacity", "driver": "cores", "capacity_driver": "room"}, "no_driver"),
        ({"method": "even", "target": {"code": ["R1"]}}, "moves"),
        ({"method": "direct", "target": {"retain": True}}, "retained"),
        (
            {
                "method": "rate",
                "driver": "cores",
                "rates": {"*": {"amount": "2", "currency": "EUR"}},
            },
            "moves",
        ),
    ],
)
def test_every_method_says_what_becomes_of_a_pool(
    run: Figures, fields: dict[str, Any], outcome: str
) -> None:
    found = preview(run, **{"stage": "pool_to_resource", "target": {}, **fields})
    assert outcomes(found) == [(outcome, 2, 1, ["100"])]


def test_objects_come_with_what_they_held_in_the_published_run(run: Figures) -> None:
    found = preview(run, stage="resource_to_solution", method="driver", driver="hours", target={})
    assert found["run"] == run.run["id"]
    assert found["amounts"] == [{"currency": "EUR", "lines": 0, "amount": "80"}]
    assert outcomes(found) == [("moves", 0, 1, ["70"]), ("zero_weight", 0, 2, ["10"])]
    (overlap,) = found["overlaps"]
    assert (overlap["mapping"], overlap["objects"]) == ("apps", 3)
    assert overlap["amounts"] == found["amounts"]


def test_a_same_layer_stage_has_rivals_of_its_own_and_amounts_before_it(run: Figures) -> None:
    found = preview(
        run,
        stage="resource_to_resource",
        method="direct",
        source={"code": ["R1", "R2"]},
        target={"object": "R1"},
    )
    assert [one["mapping"] for one in found["overlaps"]] == ["net"]
    assert outcomes(found) == [("moves", 0, 1, ["20"]), ("stays", 0, 1, ["60"])]
