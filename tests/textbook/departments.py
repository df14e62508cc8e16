"""Department cases on the wire, in the three ways in which someone would model them.

`resource` and `solution`: every department is an object of that layer; service departments pass
on inside the layer and the final ones go on to consumers of their own. `portion`: service
departments are resources, final ones are consumers, and a same-layer mapping takes just the
portion that other service departments used.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from tests.modelling import Figures, Json, Modelling, by_driver, direct
from tests.textbook.exact import Departments

READINGS = ("resource", "solution", "portion")
TWELVE = Decimal("1E-12")


def plain(number: Fraction) -> Decimal:
    """A fraction as a decimal of twelve places."""
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(
        TWELVE, ROUND_HALF_EVEN
    )


class DepartmentCase:
    """One case in one reading, in a month of its own and under codes of its own."""

    def __init__(
        self, books: Departments, method: str, reading: str, metered: bool, period: str
    ) -> None:
        self.books, self.method, self.reading = books, method, reading
        self.metered, self.period = metered, period
        self.layer = "solution" if reading == "solution" else "resource"
        self.final_layer = "consumer" if reading == "portion" else self.layer

    def code(self, name: str) -> str:
        """The code of a department in this case."""
        return f"{self.period}/{name}"

    def codes(self, names: list[str]) -> list[str]:
        """The codes of several departments."""
        return [self.code(name) for name in names]

    def run(self, modelling: Modelling) -> Figures:
        """Send everything and run the month."""
        books = self.books
        valid = {"valid_from": self.period, "valid_to": self.period}
        modelling.objects("pool", self.code("costs"), **valid)
        modelling.objects(self.layer, *self.codes(list(books.services)), **valid)
        modelling.objects(self.final_layer, *self.codes(list(books.finals)), **valid)
        if self.reading != "portion":
            modelling.objects("consumer", *self.codes(list(books.finals)), **valid)
        modelling.lines(
            self.period,
            [
                {"amount": str(plain(cost)), "cost_center": name}
                for name, cost in books.direct_costs.items()
            ],
        )
        self._send_drivers(modelling)
        solve = "step_down" if self.method == "stepdown" else "reciprocal"
        counted = books.self_counted and solve == "reciprocal"
        setting = {"solve": solve, "self_use": "counted" if counted else "excluded"}
        if solve == "step_down":
            setting["order"] = self.codes(list(books.services))  # type: ignore[assignment]
        stages = {f"{self.layer}_to_{self.layer}": setting}
        modelling.publish_model(self._mappings(), stages)
        return modelling.run(self.period)

    def _send_drivers(self, modelling: Modelling) -> None:
        if self.metered:
            modelling.driver(self.code("use"))
        for source, used in self.books.quantities.items():
            sent = {self.code(target): str(plain(number)) for target, number in used.items()}
            if self.metered:
                modelling.quantities(self.code("use"), self.period, sent, self.code(source))
            else:
                modelling.driver(self.code(f"use of {source}"))
                modelling.quantities(self.code(f"use of {source}"), self.period, sent)

    def _driver(self, source: str) -> str:
        return self.code("use") if self.metered else self.code(f"use of {source}")

    def _mappings(self) -> list[Json]:
        found = [direct("in", "line_to_pool", self.code("costs")), *self._entry()]
        services = list(self.books.services)
        if self.reading == "portion":
            found += [mapping for source in services for mapping in self._portion(source)]
        elif self.metered:
            found.append(self._within("all", services))
        else:
            found += [self._within(source, [source]) for source in services]
        if self.reading != "portion":
            found += [
                direct(
                    f"to {final}",
                    f"{self.layer}_to_consumer",
                    self.code(final),
                    source={"code": self.code(final)},
                )
                for final in self.books.finals
            ]
        return found

    def _entry(self) -> list[Json]:
        """Every line goes to the department that it names."""
        books = self.books
        sides = [(self.layer, books.services), (self.final_layer, books.finals)]
        return [
            {
                "code": f"own costs {place}",
                "stage": f"pool_to_{layer}",
                "source": {"cost_center": list(names)},
                "method": "direct",
                "target": {
                    "field": "cost_center",
                    "aliases": {name: self.code(name) for name in names},
                },
            }
            for place, (layer, names) in enumerate(sides)
        ]

    def _within(self, name: str, sources: list[str]) -> Json:
        """One mapping inside the layer, for one service department or, metered, for all."""
        finals = {"code": self.codes(list(self.books.finals))}
        return by_driver(
            f"work of {name}",
            f"{self.layer}_to_{self.layer}",
            self._driver(name),
            finals if self.method == "direct" else {},
            source={"code": self.codes(sources)},
        )

    def _portion(self, source: str) -> list[Json]:
        """The part for other service departments inside the layer, the rest to the final ones."""
        books, used = self.books, self.books.quantities[source]
        place = list(books.services).index(source)
        takers = {
            "direct": [],
            "stepdown": list(books.services[place + 1 :]),
            "reciprocal": [s for s in books.services if s != source or books.self_counted],
        }[self.method]
        inside = sum((used.get(name, Fraction(0)) for name in takers), Fraction(0))
        outside = sum((used.get(name, Fraction(0)) for name in books.finals), Fraction(0))
        only = {"code": self.code(source)}
        found = [
            by_driver(
                f"rest of {source}",
                f"{self.layer}_to_consumer",
                self._driver(source),
                {"code": self.codes(list(books.finals))},
                source=only,
            )
        ]
        if inside:
            portion = str(plain(100 * inside / (inside + outside)))
            found.append(
                by_driver(
                    f"work of {source}",
                    f"{self.layer}_to_{self.layer}",
                    self._driver(source),
                    {"code": self.codes(takers)},
                    source=only,
                    portion=portion,
                )
            )
        return found
