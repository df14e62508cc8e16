"""How the amount of an object came about: what it had, what came, what went, what stayed."""

from collections.abc import Sequence
from decimal import Decimal

from services.allocation.emission_factors.domain import Emission
from services.allocation.explanations import domain, wording
from services.allocation.explanations.formulas import sum_of
from services.allocation.explanations.inflow_words import InflowWords
from services.allocation.explanations.line_words import tell_lines_of_pool
from services.allocation.explanations.teller import Teller
from shared.money import plain

INFLOWS, OUTFLOWS = 20, 10


def explain_object(teller: Teller, number: int, emissions: Sequence[Emission]) -> None:
    """Tell all about one object; a bound caller hears only what came to its own consumers."""
    _tell_head(teller, number)
    _tell_own(teller, number, emissions)
    layer = teller.seen.result.numbering.layer_of(number)
    if layer == "pool" and teller.seen.measure == 0:
        tell_lines_of_pool(teller, number)
    _tell_inflows(teller, number)
    if not teller.is_bound:
        _tell_outflows(teller, number)
    _tell_what_stayed(teller, number)


def _balance(teller: Teller, number: int, which: str) -> int:
    return int(getattr(teller.seen.result.balances, which)[teller.seen.measure, number])


def _tell_head(teller: Teller, number: int) -> None:
    own, received = _balance(teller, number, "own"), _balance(teller, number, "received")
    numbering = teller.seen.result.numbering
    layer, code = numbering.layer_of(number), numbering.code_of(number)
    key = ("head" if own else "head_received") if received else ("head_own" if own else "nothing")
    teller.say(
        key,
        name=teller.name(number),
        layer=wording.say(wording.LAYERS, layer, teller.seen.language),
        period=teller.seen.result.period,
        amount=teller.amount(own + received),
        own=teller.amount(own),
        received=teller.amount(received),
    )
    where = teller.places.balance(layer, code)
    parts = [teller.units_part("own", own, where), teller.units_part("received", received, where)]
    teller.prove(teller.goal("amount", own + received, where), sum_of(2), parts)


def _tell_own(teller: Teller, number: int, emissions: Sequence[Emission]) -> None:
    own = _balance(teller, number, "own")
    if not own:
        return
    numbering = teller.seen.result.numbering
    layer, code = numbering.layer_of(number), numbering.code_of(number) or ""
    emitted = [one for one in emissions if layer == "resource" and one.resource == code]
    if emitted:
        _tell_emission(teller, own, emitted[0])
        return
    origin = wording.say(wording.ORIGINS, teller.measure, teller.seen.language)
    teller.say("own", amount=teller.amount(own), origin=origin)


def _tell_emission(teller: Teller, own: int, emission: Emission) -> None:
    basis = wording.say(wording.BASES, teller.seen.run.emission_basis, teller.seen.language)
    teller.say(
        "emission",
        kwh=wording.grouped(emission.kwh),
        factors=" + ".join(plain(one.kg_per_kwh) for one in emission.factors),
        region=emission.region,
        basis=basis,
    )
    where = teller.places.emissions(emission.resource)
    parts = [teller.part("kwh", emission.kwh, where)]
    parts += [
        teller.part("factor", one.kg_per_kwh, where, suffix=f"_{place:02d}")
        for place, one in enumerate(emission.factors, 1)
    ]
    factors = " + ".join(f"{{{place}}}" for place in range(1, len(parts)))
    goal = teller.goal("own", own, teller.places.own_amounts("resource", emission.resource))
    teller.prove(goal, f"{{0}} * ( {factors} )", parts, 1)


def _tell_inflows(teller: Teller, number: int) -> None:
    """Sentences of the largest inflows, and the sum of all as a formula."""
    result, measure = teller.seen.result, teller.seen.measure
    found = domain.inflows(result, number, measure, INFLOWS)
    if not found.largest:
        return
    numbering = result.numbering
    layer, code = numbering.layer_of(number), numbering.code_of(number) or ""
    where = teller.places.flows(target=code)
    parts = []
    for place, inflow in enumerate(found.largest, 1):
        suffix = f"_{place:02d}"
        parts.append(teller.units_part("flow", inflow.units, where, suffix=suffix))
        if teller.is_bound:
            _tell_plainly(teller, inflow)
        else:
            InflowWords(teller, inflow, code, suffix).tell()
    if found.others:
        teller.say("others", count=found.others, amount=teller.amount(found.other_units))
        parts.append(teller.units_part("others", found.other_units, where))
    received = _balance(teller, number, "received")
    goal = teller.goal("received", received, teller.places.balance(layer, code))
    teller.prove(goal, sum_of(len(parts)), parts)


def _tell_plainly(teller: Teller, inflow: domain.Inflow) -> None:
    """For callers who may not know what others got: no totals and no shares."""
    weights, mapping = inflow.weights, inflow.mapping
    fields = {
        "amount": teller.amount(inflow.units),
        "source": teller.name(inflow.source),
        "mapping": mapping.code,
    }
    if weights is None or weights.decimals < 0 or mapping.driver is None:
        teller.say("inflow_seen", **fields)
    else:
        quantity = Decimal(weights.weight).scaleb(-weights.decimals)
        shown = f"{wording.grouped(quantity)} {mapping.driver}"
        teller.say("inflow_quantity", **fields, quantity=shown)


def _tell_outflows(teller: Teller, number: int) -> None:
    outflows = domain.outflows(teller.seen.result, number, teller.seen.measure)
    for one in outflows[:OUTFLOWS]:
        teller.say(
            "passed_on",
            mapping=one.mapping.code,
            amount=teller.amount(one.units),
            targets=one.targets,
        )


def _tell_what_stayed(teller: Teller, number: int) -> None:
    """What is retained or unallocated, and why; nothing is left over."""
    numbering = teller.seen.result.numbering
    layer, code = numbering.layer_of(number), numbering.code_of(number)
    retained = _balance(teller, number, "retained")
    if retained:
        key = "retained_bill" if layer == "consumer" else "retained"
        teller.say(key, amount=teller.amount(retained))
    tell_unallocated(teller, number)
    where = teller.places.balance(layer, code)
    kept = [
        teller.units_part(which, _balance(teller, number, which), where)
        for which in ("passed_on", "retained", "unallocated")
    ]
    whole = _balance(teller, number, "own") + _balance(teller, number, "received")
    teller.prove(teller.goal("amount", whole, where), sum_of(3), kept)


def tell_unallocated(teller: Teller, number: int) -> None:
    """Every reason for which something stayed on an object."""
    for entry in teller.seen.result.entries:
        units = entry.units[teller.seen.measure]
        if entry.object_number != number or not units:
            continue
        reason = wording.say(
            wording.REASONS, entry.reason, teller.seen.language, unknown=entry.unknown_code
        )
        by = teller.phrase("by_mapping", mapping=entry.mapping) if entry.mapping else ""
        teller.say("stays", amount=teller.amount(units), by=by, reason=reason)
