"""Finding the codes that rules or drivers name and no layer has in the period."""

from services.allocation.engine.classification import Segments
from services.allocation.engine.columns import Table
from services.allocation.engine.model import STAGES, MappingSpec, RunInput
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.targets import Chosen, Shares, ToField, ToObject, parse_target
from services.allocation.engine.weights import UnknownCodes
from shared.periods import covers


def find_unknown_codes(taken: RunInput, numbering: Numbering, segments: Segments) -> UnknownCodes:
    """Every code that money could be sent to although no layer has it."""
    codes: set[str] = set()
    for spec in taken.mappings:
        if spec.stage == "line_to_pool":
            continue
        if not covers(spec.valid_from, spec.valid_to, taken.period):
            continue
        codes |= _named(spec, numbering, segments)
        table = taken.drivers.get(spec.driver or "")
        if table is not None:
            codes.update(code for code in table.targets.values if not numbering.is_known(code))
    return UnknownCodes(numbering, codes)


def _named(spec: MappingSpec, numbering: Numbering, segments: Segments) -> set[str]:
    source_layer, target_layer = STAGES[spec.stage]
    target = parse_target(spec.target)
    codes: set[str] = set()
    if isinstance(target, ToObject):
        codes = {target.code}
    elif isinstance(target, Shares):
        codes = set(target.shares)
    elif isinstance(target, Chosen):
        codes = set(target.selector.names_codes())
    elif isinstance(target, ToField):
        table = segments.table if source_layer == "pool" else numbering.layers[source_layer].table
        codes = _field_values(table, target)
    return {code for code in codes if numbering.number(target_layer, code) is None}


def _field_values(table: Table, target: ToField) -> set[str]:
    column = table.column(target.key)
    if column is None:
        return set()
    return {target.aliases.get(value, value) for value in column.values}
