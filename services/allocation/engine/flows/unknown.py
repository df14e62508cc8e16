"""Finding the codes that rules or drivers name and no layer has in the period."""

from collections.abc import Iterable

from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.lines.classification import Segments
from services.allocation.engine.model import STAGES, RunInput
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.targets import (
    Chosen,
    Shares,
    Target,
    ToField,
    ToObject,
    parse_target,
)
from shared.periods import covers


def find_unknown_codes(taken: RunInput, numbering: Numbering, segments: Segments) -> UnknownCodes:
    """Every code that money could be sent to although it leads nowhere."""
    codes: set[str] = set()
    fields: set[tuple[str, str, str]] = set()
    drivers: set[str] = set()
    for spec in taken.mappings:
        is_active = covers(spec.valid_from, spec.valid_to, taken.period)
        if spec.stage == "line_to_pool" or not is_active:
            continue
        source_layer, target_layer = STAGES[spec.stage]
        target = parse_target(spec.target)
        drivers.add(spec.driver or "")
        if isinstance(target, ToField):
            fields.add((source_layer, target.key, target_layer))
        known = numbering.layers[target_layer].numbers
        codes.update(code for code in _named(target) if code not in known)
    for code in drivers & set(taken.drivers):
        codes |= numbering.unknown_among(taken.drivers[code].targets.values)
    for source_layer, key, target_layer in fields:
        table = segments.table if source_layer == "pool" else numbering.layers[source_layer].table
        column = table.column(key)
        if column is not None:
            codes |= set(column.values) - numbering.layers[target_layer].numbers.keys()
    return UnknownCodes(numbering, codes)


def _named(target: Target) -> Iterable[str]:
    """The codes that a target names outright."""
    if isinstance(target, ToObject):
        return (target.code,)
    if isinstance(target, Shares):
        return target.shares
    if isinstance(target, Chosen):
        return target.selector.names_codes()
    return target.aliases.values() if isinstance(target, ToField) else ()
