"""The chapter on energy and emissions: totals, then each layer from the largest emitter down."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.overviews.carbon.domain import (
    CARBON,
    MEASURES,
    Footprint,
    add_up,
    kg_per_1000,
    largest_first,
)
from services.valuation.reporting.charts.figures import Language, share_of
from services.valuation.reporting.reports.content.carbon.facts import CarbonFacts, CarbonTotal
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Number,
    Section,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term
from shared.money import add_exactly

_LAYERS = ("resource", "solution", "consumer")
_VIEWS = {"resource": "technology", "solution": "solutions", "consumer": "consumers"}
_UNITS = {"kwh": "kWh", "co2e_operational": "kg CO2e", "co2e_embodied": "kg CO2e"}
_DIGITS = 2
_KEYS = {"kwh": "kwh", "co2e_operational": "operational", "co2e_embodied": "embodied"}
_LABELS = {**_KEYS, "kwh": "kwh_column"}


def carbon_section(
    cost: CostFacts, facts: CarbonFacts, links: Links, language: Language
) -> Section:
    """Energy, operational and embodied emissions of the run, by tower, solution and consumer."""
    by_layer = {layer: facts.layers.get(layer, ()) for layer in _LAYERS}
    sentences = [*_totals_said(cost, facts, links, language)]
    for layer in _LAYERS:
        sentences += _largest(layer, by_layer[layer], links, language)
    tables = [_totals_table(facts, links, language)]
    tables += [
        _layer_table(layer, rows, cost, links, language) for layer, rows in by_layer.items() if rows
    ]
    title = label("carbon_by", language)
    return Section("carbon", title, tuple(sentences), tables=tuple(tables))


def _totals_said(
    cost: CostFacts, facts: CarbonFacts, links: Links, language: Language
) -> list[Sentence]:
    known = {total.measure: total for total in facts.totals}
    source = links.of_run("reconciliation")
    figures = {name: _quantity(total.input, name, source) for name, total in known.items()}
    said = []
    if "kwh" in known:
        cells: dict[str, Cell | str] = {"kwh": figures["kwh"], "period": Text(cost.run.period)}
        said.append(sentence("carbon_total", language, cells))
    both = [known[name].input for name in CARBON if name in known]
    if both:
        cells = {"co2e": _quantity(add_exactly(both), "co2e_operational", source)}
        if len(both) == 2:
            cells |= {
                "operational": figures["co2e_operational"],
                "embodied": figures["co2e_embodied"],
            }
        key = "carbon_emitted" if len(both) == 2 else "carbon_partly"
        said.append(sentence(key, language, cells))
        basis = Text(term("basis", facts.basis, language), links.of_run())
        said.append(sentence("carbon_basis", language, {"basis": basis}, "note"))
    for name in MEASURES:
        what = Text(_in_sentence(term("carbon", name, language)))
        if name not in known:
            said.append(sentence("carbon_missing", language, {"what": what}, "note"))
        elif known[name].unallocated:
            amount = _quantity(known[name].unallocated, name, links.of_run("unallocated"))
            cells = {"amount": amount, "what": what}
            said.append(sentence("carbon_open", language, cells, "warning"))
    return said


def _in_sentence(words: str) -> str:
    return words[:1].lower() + words[1:]


def _quantity(value: Decimal, measure: str, href: str | None = None) -> Number:
    return Number(value, _UNITS[measure], _DIGITS, href)


def _emissions(row: Footprint) -> Decimal | None:
    """All carbon, or the one kind of it that the run measured, whose name its column bears."""
    if row.co2e is not None:
        return row.co2e
    return next((part for name in CARBON if (part := row.measures[name]) is not None), None)


def _largest(
    layer: str, rows: Sequence[Footprint], links: Links, language: Language
) -> list[Sentence]:
    told = [(emitted, row) for row in rows if (emitted := _emissions(row))]
    if len(told) < 2:
        return []
    whole = add_exactly([emitted for emitted, _ in told])
    emitted, row = max(told, key=lambda pair: (pair[0], pair[1].code))
    share = share_of(emitted, whole)
    if share is None:
        return []
    source = _address(layer, links)
    cells: dict[str, Cell | str] = {
        "layer": Text(_in_sentence(label(f"carbon_layer_{layer}", language))),
        "name": Text(row.name, source),
        "co2e": _quantity(emitted, "co2e_operational", source),
        "share": Share(share, source),
    }
    return [sentence("carbon_largest", language, cells)]


def _address(layer: str, links: Links) -> str:
    return f"{links.of_view(_VIEWS[layer])}&measure=co2e_operational"


def _totals_table(facts: CarbonFacts, links: Links, language: Language) -> Table:
    columns = (
        Column("measure", label("measure", language)),
        Column("unit", label("unit", language)),
        Column("total", label("total", language), "number"),
        Column("reached_consumers", label("reached_consumers", language), "number"),
        Column("not_reached", label("not_reached", language), "number"),
        Column("share", label("share_of_co2e", language), "share"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        _total_row(total, facts, links, language) for total in facts.totals
    )
    return Table("carbon_totals", label("carbon_totals", language), columns, rows)


def _total_row(
    total: CarbonTotal, facts: CarbonFacts, links: Links, language: Language
) -> tuple[Cell, ...]:
    emitted = add_exactly([each.input for each in facts.totals if each.measure != "kwh"])
    part = None if total.measure == "kwh" else share_of(total.input, emitted)
    source = links.of_run("reconciliation")
    return (
        Text(term("carbon", total.measure, language), source),
        Text(_UNITS[total.measure]),
        *(
            Number(value, digits=_DIGITS, href=source)
            for value in (total.input, total.consumers, total.unallocated)
        ),
        Missing() if part is None else Share(part),
    )


def _layer_table(
    layer: str, rows: Sequence[Footprint], cost: CostFacts, links: Links, language: Language
) -> Table:
    """Columns that the run did not measure are left out."""
    currency = cost.run.currency
    kept = [name for name in MEASURES if any(row.measures[name] is not None for row in rows)]
    emits = [name for name in kept if name in CARBON]
    columns = (
        Column("name", label("name", language)),
        Column("code", label("code", language), on_paper=False),
        *(Column(_KEYS[name], label(_LABELS[name], language), "number", True) for name in kept),
        *((Column("co2e", label("co2e", language), "number", True),) if len(emits) > 1 else ()),
        *((Column("share", label("share_of_co2e", language), "share", True),) if emits else ()),
        Column("cost", label("cost_column", language, currency=currency), "money", True),
        *(
            (Column("intensity", label("intensity", language, currency=currency), "number"),)
            if emits
            else ()
        ),
    )
    told = largest_first(row for row in rows if any(row.measures.values()) or row.cost)
    sums = Footprint(
        code="",
        name="",
        cost=add_exactly([row.cost for row in told]),
        measures={name: add_up(told, name) if name in kept else None for name in MEASURES},
        unit=None,
        quantity=None,
    )
    whole = _emissions(sums) or Decimal(0)
    lines = [
        (
            Text(row.name, links.of_object(layer, row.code)),
            Text(row.code),
            *_row_cells(row, kept, emits, whole, cost),
        )
        for row in told
    ]
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Missing(),
        *_row_cells(sums, kept, emits, whole, cost),
    )
    title = label(f"carbon_{layer}", language)
    return Table(f"carbon_{layer}", title, columns, tuple(lines), totals)


def _row_cells(
    row: Footprint, kept: Sequence[str], emits: Sequence[str], whole: Decimal, cost: CostFacts
) -> list[Cell]:
    emitted = _emissions(row) or Decimal(0)
    cells: list[Cell] = [Number(row.measures[name] or Decimal(0), digits=_DIGITS) for name in kept]
    if len(emits) > 1:
        cells.append(Number(emitted, digits=_DIGITS))
    if emits:
        share = share_of(emitted, whole)
        cells.append(Missing() if share is None else Share(share))
    cells.append(money(row.cost, cost))
    if emits:
        ratio = kg_per_1000(emitted, row.cost)
        cells.append(Missing() if ratio is None else Number(ratio, digits=_DIGITS))
    return cells
