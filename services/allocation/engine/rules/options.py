"""Which of a mapping's options belong to its method and stage: drivers, rates, floors, caps."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from services.allocation.engine.model import SAME_LAYER_STAGES, MappingSpec
from services.allocation.engine.rules.plain_decimal import read_plain_decimal
from services.allocation.engine.rules.selector_reader import escape_pointer
from shared.errors import FieldError

DRIVEN = frozenset(("driver", "rate", "capacity"))
BOUNDED = frozenset(("even", "fixed", "driver"))
"""Methods whose parts can be kept between floors and caps; `rate` and `capacity` have their own
rest, and `direct` has one target for everything."""
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
Errors = Iterator[FieldError]


def option_errors(spec: MappingSpec) -> Errors:
    """What is missing, unused, or not to be read."""
    yield from _drivers(spec)
    yield from _rates(spec)
    for name in ("floor", "cap"):
        if getattr(spec, name) is not None:
            yield from _bound(spec, name)
    yield from _crossing(spec)


def _drivers(spec: MappingSpec) -> Errors:
    if spec.method in DRIVEN and not spec.driver:
        yield FieldError("/driver", "missing_driver", f"the method `{spec.method}` names a driver")
    if spec.method not in DRIVEN and spec.driver:
        yield FieldError("/driver", "unused_driver", f"`{spec.method}` does not use a driver")
    if spec.method != "capacity" and spec.capacity_driver:
        message = f"`{spec.method}` does not use a capacity"
        yield FieldError("/capacity_driver", "unused_capacity_driver", message)


def _rates(spec: MappingSpec) -> Errors:
    if spec.method == "rate" and not spec.rates:
        yield FieldError("/rates", "missing_rates", "the method `rate` needs at least one rate")
    if spec.method != "rate" and spec.rates is not None:
        yield FieldError("/rates", "unused_rates", f"`{spec.method}` does not use rates")
    if spec.method == "rate" and spec.stage in SAME_LAYER_STAGES:
        message = "a same-layer stage shares costs out; it cannot charge rates"
        yield FieldError("/method", "not_in_same_layer", message)
    yield from _prices(spec.rates, "/rates")


def _bound(spec: MappingSpec, name: str) -> Errors:
    if spec.stage in SAME_LAYER_STAGES:
        message = f"a same-layer stage is settled jointly; it cannot keep to a `{name}`"
        yield FieldError(f"/{name}", "not_in_same_layer", message)
    elif spec.method not in BOUNDED or spec.stage == "line_to_pool":
        message = f"a `{name}` belongs to `even`, `fixed` and `driver`, not to `{spec.method}`"
        yield FieldError(f"/{name}", f"unused_{name}", message)
    yield from _prices(getattr(spec, name), f"/{name}")


def _prices(raw: object, pointer: str) -> Errors:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        yield FieldError(pointer, "bad_price", "codes, or `*`, with an amount and a currency each")
        return
    for code, price in raw.items():
        at = f"{pointer}/{escape_pointer(str(code))}"
        if not isinstance(price, Mapping) or set(price) != {"amount", "currency"}:
            yield FieldError(at, "bad_price", "a price is an amount and a currency")
            continue
        amount = _amount(price["amount"])
        if amount is None or amount < 0:
            message = "the amount is a plain decimal and not below zero"
            yield FieldError(f"{at}/amount", "bad_amount", message)
        currency = price["currency"]
        if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
            message = "a currency is a code of three capital letters"
            yield FieldError(f"{at}/currency", "bad_currency", message)


def _amount(raw: object) -> Decimal | None:
    if isinstance(raw, Decimal):
        return raw if raw.is_finite() else None
    return read_plain_decimal(raw) if isinstance(raw, str) else None


def _crossing(spec: MappingSpec) -> Errors:
    """A floor above the cap of the same target, where both are in one currency."""
    if not isinstance(spec.floor, Mapping) or not isinstance(spec.cap, Mapping):
        return
    for code in sorted({*spec.floor, *spec.cap}):
        floor, cap = (side.get(code, side.get("*")) for side in (spec.floor, spec.cap))
        if not isinstance(floor, Mapping) or not isinstance(cap, Mapping):
            continue
        low, high = _amount(floor.get("amount")), _amount(cap.get("amount"))
        same = floor.get("currency") == cap.get("currency")
        if same and low is not None and high is not None and low > high:
            message = f"the floor of {code} lies above its cap"
            yield FieldError(f"/floor/{escape_pointer(code)}", "floor_above_cap", message)
