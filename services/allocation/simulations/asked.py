"""A request's changes as the engine takes them, checked against the run."""

from collections.abc import Sequence

from services.allocation.engine.model import MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.what_if.changes import (
    Change,
    DriverChange,
    MappingChange,
    MappingRemoval,
    PoolChange,
)
from services.allocation.mappings.changes import spec_of
from services.allocation.mappings.domain import check_mapping, check_named_codes
from shared.contracts.allocation.simulations import SimulationChange
from shared.errors import FieldError, RuleBroken


def changes_of(asked: Sequence[SimulationChange], numbering: Numbering) -> list[Change]:
    """The changes as the engine takes them.

    Raises RuleBroken for a mapping that is not sound or names an object that the run does not
    have; the pointers lead into the request.
    """
    return [_change(place, one, numbering) for place, one in enumerate(asked)]


def _change(place: int, asked: SimulationChange, numbering: Numbering) -> Change:
    if asked.driver is not None:
        return DriverChange(asked.driver, asked.target, asked.source, asked.factor, asked.quantity)
    if asked.disable_mapping is not None:
        return MappingRemoval(asked.disable_mapping)
    if asked.pool is not None:
        return PoolChange(asked.pool, asked.factor, asked.amount)
    if asked.mapping is None:
        raise TypeError("a change has one of four forms")
    spec = spec_of(asked.mapping)
    _check(place, spec, numbering)
    return MappingChange(spec)


def _check(place: int, spec: MappingSpec, numbering: Numbering) -> None:
    known = {(one.layer, one.code) for one in numbering.objects}
    try:
        check_mapping(spec)
        check_named_codes(spec, known)
    except RuleBroken as broken:
        errors = [
            FieldError(f"/changes/{place}/mapping{one.pointer}", one.code, one.message)
            for one in broken.errors
        ]
        raise RuleBroken(broken.detail, code=broken.code, errors=errors) from None
