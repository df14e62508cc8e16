"""What a mapping must keep by itself is refused with a pointer; what is sound passes."""

from decimal import Decimal
from typing import Any

import pytest

from services.allocation.engine.model import MappingSpec
from services.allocation.engine.rules.validation import validate_mapping

PRICE = {"*": {"amount": "1", "currency": "EUR"}}
TWO = {"*": {"amount": "2", "currency": "EUR"}}
RATE = {"method": "rate", "driver": "d", "rates": PRICE, "target": {}}
EVEN: dict[str, Any] = {"method": "even", "target": {}}


def a_mapping(**fields: Any) -> MappingSpec:
    usual: dict[str, Any] = {
        "code": "m",
        "stage": "pool_to_resource",
        "method": "direct",
        "target": {"object": "R1"},
    }
    return MappingSpec(**{**usual, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"source": {"account": "a", "object.tags.kind": "x", "under": "P"}},
        {"target": {"field": "tags.app", "aliases": {"x": "Y"}}},
        {"target": {"retain": True}},
        {"stage": "line_to_pool", "target": {"out_of_scope": True}},
        {"method": "fixed", "target": {"shares": {"A": "60", "B": "40.0"}}},
        {"method": "even", "target": {}},
        {"method": "driver", "driver": "d", "target": {"code": ["A"], "attributes.region": "GB"}},
        {"stage": "solution_to_solution", "method": "driver", "driver": "d", "target": {}},
        RATE,
        {"method": "capacity", "driver": "d", "capacity_driver": "c", "target": {}},
        {"method": "even", "target": {}, "floor": PRICE, "cap": TWO},
        {
            "stage": "solution_to_consumer",
            "source": {"attributes.x": "1"},
            "portion": Decimal("0.1"),
        },
        {"valid_from": "2026-01", "valid_to": "2026-01", "on_zero": "next"},
    ],
)
def test_sound_mappings_pass(fields: dict[str, Any]) -> None:
    assert validate_mapping(a_mapping(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"stage": "pool_to_pool"}, "/stage", "unknown_stage"),
        ({"method": "guess"}, "/method", "unknown_method"),
        ({"method": "rate", "driver": "d", "target": {}}, "/rates", "missing_rates"),
        ({"method": "rate", "rates": PRICE, "target": {}}, "/driver", "missing_driver"),
        ({**RATE, "stage": "resource_to_resource"}, "/method", "not_in_same_layer"),
        ({**RATE, "target": {"object": "R1"}}, "/target", "bad_target"),
        ({**RATE, "cap": PRICE}, "/cap", "unused_cap"),
        ({"rates": PRICE}, "/rates", "unused_rates"),
        ({"method": "capacity", "target": {}}, "/driver", "missing_driver"),
        ({"capacity_driver": "d"}, "/capacity_driver", "unused_capacity_driver"),
        ({"cap": PRICE}, "/cap", "unused_cap"),
        ({**EVEN, "stage": "solution_to_solution", "floor": PRICE}, "/floor", "not_in_same_layer"),
        ({**EVEN, "cap": {"A": {"amount": "1"}}}, "/cap/A", "bad_price"),
        (
            {**EVEN, "cap": {"A": {"amount": "-1", "currency": "EUR"}}},
            "/cap/A/amount",
            "bad_amount",
        ),
        (
            {**EVEN, "cap": {"A": {"amount": "1", "currency": "e"}}},
            "/cap/A/currency",
            "bad_currency",
        ),
        ({**EVEN, "floor": TWO, "cap": PRICE}, "/floor/*", "floor_above_cap"),
        ({"method": "driver", "target": {}}, "/driver", "missing_driver"),
        ({"driver": "d"}, "/driver", "unused_driver"),
        ({"portion": Decimal(0)}, "/portion", "bad_portion"),
        ({"portion": Decimal("100.1")}, "/portion", "bad_portion"),
        ({"portion": Decimal("NaN")}, "/portion", "bad_portion"),
        ({"stage": "line_to_pool", "portion": Decimal(50)}, "/portion", "bad_portion"),
        ({"stage": "line_to_pool", "method": "even", "target": {}}, "/method", "bad_method"),
        ({"on_zero": "guess"}, "/on_zero", "bad_on_zero"),
        ({"valid_from": "2026-1"}, "/valid_from", "bad_period"),
        ({"valid_from": "2026-02", "valid_to": "2026-01"}, "/valid_to", "bad_period"),
        ({"target": {"out_of_scope": True}}, "/target/out_of_scope", "bad_target"),
        ({"stage": "line_to_pool", "target": {"retain": True}}, "/target/retain", "bad_target"),
        ({"target": {"shares": {"A": "100"}}}, "/target", "bad_target"),
        ({"target": {"object": 7}}, "/target/object", "bad_target"),
        ({"target": {"retain": False}}, "/target/retain", "bad_target"),
        ({"target": {"field": "attributes.x"}}, "/target/field", "bad_selector"),
        ({"method": "fixed", "target": {"shares": {}}}, "/target/shares", "bad_target"),
        ({"method": "even", "target": {"account": "x"}}, "/target/account", "bad_selector"),
        ({"source": {"attributes.x": "1"}}, "/source/attributes.x", "bad_selector"),
        ({"stage": "line_to_pool", "source": {"code": "P"}}, "/source/code", "bad_selector"),
        (
            {"stage": "resource_to_solution", "source": {"fields.x": "1"}},
            "/source/fields.x",
            "bad_selector",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_where_it_stands(
    fields: dict[str, Any], pointer: str, code: str
) -> None:
    errors = validate_mapping(a_mapping(**fields))
    assert (pointer, code) in [(error.pointer, error.code) for error in errors]


@pytest.mark.parametrize("shares", [{"A": "99.9"}, {"A": "60", "B": "40.000000000001"}])
def test_shares_must_be_exactly_a_hundred(shares: dict[str, str]) -> None:
    errors = validate_mapping(a_mapping(method="fixed", target={"shares": shares}))
    assert [error.code for error in errors] == ["shares_not_100"]


@pytest.mark.parametrize("share", [60, "0", "-1", "101", "1e2", "60.0000000000001", None])
def test_a_share_is_a_plain_decimal_text(share: Any) -> None:
    target = {"shares": {"A": share, "B": "40"}}
    errors = validate_mapping(a_mapping(method="fixed", target=target))
    assert (errors[0].pointer, errors[0].code) == ("/target/shares/A", "bad_target")
