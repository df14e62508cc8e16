"""Which drivers the mappings of a run look at."""

from collections.abc import Iterable

from services.allocation.engine.model import STAGES, MappingSpec, ObjectSpec


def used_drivers(mappings: Iterable[MappingSpec], objects: Iterable[ObjectSpec]) -> set[str]:
    """The drivers of use and of capacity.

    A capacity mapping without a capacity driver takes its source objects' own.
    """
    found: set[str] = set()
    layers: set[str] = set()
    for spec in mappings:
        found.update(code for code in (spec.driver, spec.capacity_driver) if code)
        if spec.method == "capacity" and not spec.capacity_driver:
            layers.add(STAGES[spec.stage][0])
    own = (one.capacity_driver for one in objects if one.layer in layers)
    return found | {code for code in own if code}
