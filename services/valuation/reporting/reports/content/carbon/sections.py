"""The chapter on energy and emissions: totals, then each layer from the largest emitter down."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, add_exactly, share_of
from services.valuation.reporting.reports.content.carbon.facts import (
    CarbonFacts,
    CarbonRow,
    CarbonTotal,
)
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
from shared.money import EXACT

_LAYERS = ("resource", "solution", "consumer")
_VIEWS = {"resource": "technology", "solution": "solutions", "consumer": "consumers"}
_MEASURES = ("kwh", "co2e_operational", "co2e_embodied")
_UNITS = {"kwh": "kWh", "co2e_operational": "kg CO2e", "co2e_embodied": "kg CO2e"}
_DIGITS = 2


def carbon_section(
    cost: CostFacts, facts: CarbonFacts, links: Links, language: Language
) -> Section:
    """Energy, operational and embodied emissions of the run, by tower, solution and consumer."""
    by_layer = {layer: [row for row in facts.rows if row.layer == layer] for layer in _LAYERS}
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
    both = [known[name].input for name in _MEASURES[1:] if name in known]
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
    for name in _MEASURES:
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


def _emissions(row: CarbonRow) -> Decimal | None:
    parts = [part for part in (row.operational, row.embodied) if part is not None]
    return add_exactly(parts) if parts else None


def _largest(
    layer: str, rows: Sequence[CarbonRow], links: Links, language: Language
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
    layer: str, rows: Sequence[CarbonRow], cost: CostFacts, links: Links, language: Language
) -> Table:
    """Columns that the run did not measure are left out."""
    currency = cost.run.currency
    kept = [key for key in ("kwh", "operational", "embodied") if _has(rows, key)]
    emits = [key for key in kept if key != "kwh"]
    labels = {"kwh": "kwh_column"}
    columns = (
        Column("name", label("name", language)),
        Column("code", label("code", language), on_paper=False),
        *(Column(key, label(labels.get(key, key), language), "number", True) for key in kept),
        *((Column("co2e", label("co2e", language), "number", True),) if len(emits) > 1 else ()),
        *((Column("share", label("share_of_co2e", language), "share", True),) if emits else ()),
        Column("cost", label("cost_column", language, currency=currency), "money", True),
        *(
            (Column("intensity", label("intensity", language, currency=currency), "number"),)
            if emits
            else ()
        ),
    )
    whole = add_exactly([_emissions(row) or Decimal(0) for row in rows])
    told = [row for row in rows if _emissions(row) or row.kwh or row.cost]
    told.sort(key=_place)
    lines = [
        (
            Text(row.name, links.of_object(layer, row.code)),
            Text(row.code),
            *_row_cells(row, kept, emits, whole, cost),
        )
        for row in told
    ]
    sums = CarbonRow(
        layer,
        "",
        "",
        *(
            add_exactly([getattr(row, key) or Decimal(0) for row in told])
            if key == "cost" or key in kept
            else None
            for key in ("kwh", "operational", "embodied", "cost")
        ),
    )
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Missing(),
        *_row_cells(sums, kept, emits, whole, cost),
    )
    title = label(f"carbon_{layer}", language)
    return Table(f"carbon_{layer}", title, columns, tuple(lines), totals)


def _place(row: CarbonRow) -> tuple[Decimal, Decimal, str]:
    """The largest emitter first, then the largest use of energy."""
    return -(_emissions(row) or Decimal(0)), -(row.kwh or Decimal(0)), row.code


def _has(rows: Sequence[CarbonRow], key: str) -> bool:
    return any(getattr(row, key) is not None for row in rows)


def _row_cells(
    row: CarbonRow, kept: Sequence[str], emits: Sequence[str], whole: Decimal, cost: CostFacts
) -> list[Cell]:
    emitted = _emissions(row) or Decimal(0)
    cells: list[Cell] = [Number(getattr(row, key) or Decimal(0), digits=_DIGITS) for key in kept]
    if len(emits) > 1:
        cells.append(Number(emitted, digits=_DIGITS))
    if emits:
        share = share_of(emitted, whole)
        cells.append(Missing() if share is None else Share(share))
    cells.append(money(row.cost or Decimal(0), cost))
    if emits:
        ratio = share_of(EXACT.multiply(emitted, Decimal(1000)), row.cost or Decimal(0))
        cells.append(Missing() if ratio is None else Number(ratio, digits=_DIGITS))
    return cells
