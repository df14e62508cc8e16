"""The textbook's methods in fractions, with nothing of the engine: the oracle of the cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Table = dict[str, dict[str, Fraction]]


@dataclass(frozen=True)
class Departments:
    """Service departments, the final ones they work for, and who used how much of whom."""

    direct_costs: Mapping[str, Fraction]
    quantities: Mapping[str, Mapping[str, Fraction]]
    services: Sequence[str]
    finals: Sequence[str]
    self_counted: bool = False


@dataclass(frozen=True)
class Answer:
    """What every service department passed on in all, to whom, and what the final ones bear."""

    gross: dict[str, Fraction]
    allocations: Table
    final_totals: dict[str, Fraction]


def read_departments(inputs: Mapping[str, object]) -> Departments:
    """The departments of a case as written in JSON."""
    costs, quantities = inputs["direct_costs"], inputs["driver_quantities"]
    assert isinstance(costs, Mapping)
    assert isinstance(quantities, Mapping)
    return Departments(
        {name: Fraction(cost) for name, cost in costs.items()},
        {
            source: {target: Fraction(number) for target, number in used.items()}
            for source, used in quantities.items()
        },
        list(inputs["service_departments"]),  # type: ignore[call-overload]
        list(inputs["final_departments"]),  # type: ignore[call-overload]
        bool(inputs.get("self_service_counted", False)),
    )


def allocate(method: str, books: Departments) -> Answer:
    """The answer of the direct, the step-down or the reciprocal method."""
    shares = {name: _shares(books, name, _takers(method, books, name)) for name in books.services}
    gross = _gross(books, shares)
    allocations = {
        source: {target: gross[source] * share for target, share in row.items() if share}
        for source, row in shares.items()
    }
    totals = {
        final: books.direct_costs.get(final, Fraction(0))
        + sum((row.get(final, Fraction(0)) for row in allocations.values()), Fraction(0))
        for final in books.finals
    }
    return Answer(gross, allocations, totals)


def _takers(method: str, books: Departments, source: str) -> list[str]:
    """Whom a service department may charge."""
    if method == "direct":
        return list(books.finals)
    if method == "stepdown":
        return [*books.services[books.services.index(source) + 1 :], *books.finals]
    others = [name for name in books.services if books.self_counted or name != source]
    return [*others, *books.finals]


def _shares(books: Departments, source: str, takers: Sequence[str]) -> dict[str, Fraction]:
    used = {name: books.quantities[source].get(name, Fraction(0)) for name in takers}
    total = sum(used.values(), Fraction(0))
    return {name: number / total for name, number in used.items()}


def _gross(books: Departments, shares: Table) -> dict[str, Fraction]:
    """Solve gross = own + what the others send, by Gauss and Jordan over fractions."""
    names = list(books.services)
    rows = [
        [Fraction(int(name == other)) - shares[other].get(name, Fraction(0)) for other in names]
        + [books.direct_costs.get(name, Fraction(0))]
        for name in names
    ]
    for place in range(len(names)):
        pivot = next(row for row in range(place, len(names)) if rows[row][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for row in range(len(names)):
            if row != place:
                factor = rows[row][place]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[place], strict=True)]
    return {name: rows[place][-1] for place, name in enumerate(names)}
