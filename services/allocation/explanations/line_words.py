"""Which lines a pool is made of, and what became of all lines of a run."""

from decimal import Decimal

from services.allocation.engine.model import EXACT_DECIMALS
from services.allocation.explanations import domain, wording
from services.allocation.explanations.domain import LineInflow
from services.allocation.explanations.formulas import Part, sum_of
from services.allocation.explanations.teller import Teller
from shared.money import from_units, plain

SHOWN = 20


def tell_lines_of_pool(teller: Teller, number: int) -> None:
    """The lines that mappings caught into a pool, per currency, and their sum as a formula."""
    found = domain.line_inflows(teller.seen.result, number)
    if not found:
        return
    code = teller.seen.result.numbering.code_of(number) or ""
    flows = teller.places.flows(target=code)
    parts: list[Part] = []
    for place, one in enumerate(found[:SHOWN], 1):
        suffix = f"_{place:02d}"
        _tell_lines(teller, one, code, suffix)
        parts.append(teller.units_part("flow", one.units, flows, suffix=suffix))
    others = found[SHOWN:]
    if others:
        units = sum(one.units for one in others)
        teller.say("others", count=len(others), amount=teller.amount(units))
        parts.append(teller.units_part("others", units, flows))
    received = int(teller.seen.result.balances.received[0, number])
    goal = teller.goal("received", received, teller.places.balance("pool", code))
    teller.prove(goal, sum_of(len(parts)), parts)


def _tell_lines(teller: Teller, one: LineInflow, pool: str, suffix: str) -> None:
    """One mapping's lines of one currency; what they are worth in the run's currency."""
    result = teller.seen.result
    exact = from_units(one.amount, EXACT_DECIMALS)
    rate = result.rates.get(one.currency, Decimal(1))
    is_own = one.currency == result.currency
    converted = "" if is_own else teller.phrase(
        "converted", rate=plain(rate), amount=teller.amount(one.units)
    )  # fmt: skip
    teller.say(
        "lines",
        mapping=one.mapping.code if one.mapping else "",
        note=teller.note(one.mapping.note if one.mapping else None),
        count=one.lines,
        exact=wording.grouped(exact, 2),
        currency=one.currency,
        converted=converted,
    )
    mapping = one.mapping.code if one.mapping else None
    where = teller.places.flows(target=pool, mapping=mapping)
    parts = [teller.part("lines", exact, teller.places.lines("pool", pool), suffix=suffix)]
    if not is_own:
        parts.append(teller.part("rate", rate, teller.places.rates(one.currency), suffix=suffix))
    goal = teller.goal("flow", one.units, where, suffix=suffix)
    teller.prove(goal, "{0}" if is_own else "{0} * {1}", parts, one.groups)


def explain_lines(teller: Teller) -> None:
    """Tell what became of all lines: out of scope, into pools, into none, set aside."""
    seen, result = teller.seen, teller.seen.result
    totals = result.totals[teller.measure]
    line = result.numbering.line
    teller.say(
        "line_head",
        period=result.period,
        count=result.counts["lines"] if seen.measure == 0 else 0,
        lines=teller.money(totals.lines),
        left_out=teller.money(totals.out_of_scope),
        own=teller.money(totals.own),
        amount=teller.money(totals.input),
    )
    if seen.measure == 0:
        _tell_lines_without_pool(teller)
        for one in result.unconverted:
            teller.say(
                "set_aside",
                count=one.lines,
                amount=wording.grouped(one.amount, 2),
                currency=one.currency,
            )
    if totals.residual:
        teller.say("residual", amount=teller.money(totals.residual))
    passed = int(result.balances.passed_on[seen.measure, line])
    if passed:
        pools = len({int(pool) for pool in result.classified.pool if pool >= 0})
        teller.say("to_pools", amount=teller.amount(passed), pools=pools)
    _prove_totals(teller)


def _tell_lines_without_pool(teller: Teller) -> None:
    for one in domain.line_inflows(teller.seen.result, None)[:SHOWN]:
        amount = teller.amount(one.units)
        if domain.is_out_of_scope(one) and one.mapping is not None:
            note = teller.note(one.mapping.note)
            teller.say(
                "out_of_scope", mapping=one.mapping.code, note=note, count=one.lines, amount=amount
            )
            continue
        if one.mapping is None:
            reason = wording.say(wording.REASONS, "no_mapping", teller.seen.language)
        else:
            reason = teller.phrase("no_pool_known", mapping=one.mapping.code)
        teller.say("no_pool", count=one.lines, amount=amount, reason=reason)


def _prove_totals(teller: Teller) -> None:
    """input = lines - out of scope + own = consumers + retained + unallocated + residual."""
    totals = teller.seen.result.totals[teller.measure]
    where = teller.places.run()
    entered = [
        teller.part("lines", totals.lines, where),
        teller.part("left_out", totals.out_of_scope, where),
        teller.part("own", totals.own, where),
    ]
    ended = [
        teller.part(name, getattr(totals, name), where)
        for name in ("consumers", "retained", "unallocated", "residual")
    ]
    goal = teller.exact_goal("input", totals.input, where)
    teller.prove(goal, "{0} - {1} + {2}", entered)
    teller.prove(goal, sum_of(len(ended)), ended)
