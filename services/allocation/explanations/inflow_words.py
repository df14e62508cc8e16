"""How one mapping shared what it took, in words and as a formula."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.allocation.explanations import wording
from services.allocation.explanations.domain import Inflow, Weights
from services.allocation.explanations.formulas import Part
from services.allocation.explanations.prices import Prices
from services.allocation.explanations.teller import Teller
from shared.money import from_units, plain


class InflowWords:
    """Tells of one inflow; `suffix` numbers its names in formulas."""

    def __init__(self, teller: Teller, inflow: Inflow, target: str, suffix: str) -> None:
        self.teller, self.inflow, self.target, self.suffix = teller, inflow, target, suffix
        numbering = teller.seen.result.numbering
        self.source = numbering.code_of(inflow.source)
        self.mapping = inflow.mapping
        layer = self.mapping.stage.rpartition("_")[2]
        found = numbering.number(layer, target)
        self.number = -1 if found is None else found
        self.prices = Prices(teller.seen.result, self.mapping, is_credit=inflow.moved < 0)
        inside = len(numbering.layers[numbering.layer_of(inflow.source)])
        self.slack = inflow.rows + (inside if inflow.is_within else 0)

    def tell(self) -> None:
        """Add the sentence and the formulas of this inflow."""
        inflow, teller, mapping = self.inflow, self.teller, self.mapping
        how = self._how() + self._portion() + self._settled()
        teller.say(
            "inflow",
            amount=teller.amount(inflow.units),
            source=teller.name(inflow.source),
            mapping=mapping.code,
            note=teller.note(mapping.note),
            priority=mapping.priority,
            how=how,
        )

    def _how(self) -> str:
        if "object" in self.mapping.target or "field" in self.mapping.target:
            self._prove("{0}", [self._moved()])
            return self._phrase("direct")
        if self.inflow.weights is None:
            return self._phrase("mixed")
        return self._by_weights(self.inflow.weights)

    def _by_weights(self, weights: Weights) -> str:
        method, cost = self.mapping.method, self._cost(weights)
        if cost is not None:
            return self._as_the_cost(*cost)
        if "shares" in self.mapping.target:
            return self._fixed(weights)
        if method == "rate" and not weights.is_fallback:
            return self._rate(weights)
        has_bounds = weights.by_target and self.teller.measure == "cost"
        bounded = self._bounded(weights) if has_bounds else None
        if bounded is not None:
            return bounded
        if method == "even" or weights.is_fallback:
            return self._even(weights)
        return self._driver(weights)

    def _cost(self, weights: Weights) -> tuple[int, int] | None:
        """For other measures, how the cost went; a source without cost goes by what it would be."""
        if self.inflow.cost is not None or self.teller.measure == "cost":
            return self.inflow.cost
        if self.mapping.method != "rate" or not weights.by_target:
            return None
        return self.prices.charges(weights, self.number)

    def _as_the_cost(self, here: int, whole: int) -> str:
        """Other measures follow the cost where prices or bounds decide."""
        seen, places = self.teller.seen, self.teller.places.of_cost()
        precision = seen.result.precision["cost"]
        where = places.flows(source=self.source, target=self.target, mapping=self.mapping.code)
        parts = [
            self._moved(),
            self._part("cost_here", from_units(here, precision), where),
            self._part(
                "cost_whole", from_units(whole, precision), places.flows(source=self.source)
            ),
        ]
        self._prove("{0} * {1} / {2}", parts, self.slack)
        return self._phrase("as_the_cost", percent=wording.percent(here, whole))

    def _fixed(self, weights: Weights) -> str:
        """A given share; of less than 100 where an object may not charge itself."""
        shares: Any = self.mapping.target["shares"]
        share = Decimal(str(shares[self.target]))
        where = self.teller.places.mapping(self.mapping.code)
        whole = Fraction(share) * weights.total / weights.weight
        parts = [self._moved(), self._part("share", share, where)]
        if whole == 100:
            self._prove("{0} * {1} / 100", parts, self.slack)
            return self._phrase("fixed", share=plain(share))
        total = Decimal(whole.numerator) / Decimal(whole.denominator)
        self._prove("{0} * {1} / {2}", [*parts, self._part("total", total, where)], self.slack)
        return self._phrase("fixed_of", share=plain(share), total=plain(total))

    def _even(self, weights: Weights) -> str:
        where = self.teller.places.mapping(self.mapping.code)
        parts = [self._moved(), self._part("targets", Decimal(weights.targets), where)]
        self._prove("{0} / {1}", parts, self.slack)
        key = "even_for_lack" if weights.is_fallback and self.mapping.driver else "even"
        return self._phrase(key, targets=weights.targets, driver=self.mapping.driver)

    def _driver(self, weights: Weights) -> str:
        quantity, total = self._quantities(weights)
        self._prove("{0} * {1} / {2}", [self._moved(), quantity, total], self.slack)
        shown = wording.percent(weights.weight, weights.total)
        if weights.decimals < 0:
            return self._phrase("weights", percent=shown, driver=self.mapping.driver)
        return self._phrase(
            "capacity" if self._kept_back("idle") else "driver",
            quantity=wording.grouped(quantity.value),
            total=wording.grouped(total.value),
            driver=self.mapping.driver,
            percent=shown,
        )

    def _quantities(self, weights: Weights) -> tuple[Part, Part]:
        """The target's quantity and that of all targets; plain weights where they were scaled."""
        driver, places = self.mapping.driver or "", self.teller.places
        digits = max(weights.decimals, 0)
        quantity = from_units(weights.weight, digits)
        total = from_units(weights.total, digits)
        return (
            self._part("quantity", quantity, places.quantities(driver, self.source, self.target)),
            self._part("total", total, places.quantities(driver, self.source)),
        )

    def _rate(self, weights: Weights) -> str:
        price = self.prices.of("rates", self.number)
        if price is None or weights.decimals < 0:
            return self._phrase("mixed")
        amount, currency = price
        quantity, _ = self._quantities(weights)
        where = self.teller.places.mapping(self.mapping.code)
        parts = [quantity, self._part("price", amount, where), self._exchange_rate(currency)]
        expression = (
            "{0} * {1} * {2}" if currency != self.teller.seen.result.currency else "{0} * {1}"
        )
        if self.teller.measure == "cost":
            self._prove(expression, parts[: expression.count("{")], self.slack)
        return self._phrase(
            "rate",
            quantity=wording.grouped(quantity.value),
            driver=self.mapping.driver,
            price=wording.grouped(amount),
            currency=currency,
        )

    def _exchange_rate(self, currency: str) -> Part:
        where = self.teller.places.rates(currency)
        return self._part("rate", self.prices.exchange_rate(currency), where)

    def _kept_back(self, reason: str) -> bool:
        """Whether the mapping kept something of this source back for a reason."""
        return any(
            (entry.object_number, entry.mapping, entry.reason)
            == (self.inflow.source, self.mapping.code, reason)
            for entry in self.teller.seen.result.entries
        )

    def _bounded(self, weights: Weights) -> str | None:
        """How bounds worked; None when the mapping has none or they changed nothing here."""
        quantity = self._plain_weight(weights)
        if self._kept_back("floor_unmet"):
            return self._by_floors(weights)
        for key, which in (("at_cap", "cap"), ("at_floor", "floor")):
            bound = self.prices.of(which, self.number)
            at_bound = self.prices.bound(which, self.number) == self.inflow.units
            if bound is not None and at_bound:
                self._prove_bound(bound)
                shown = f"{wording.grouped(bound[0])} {bound[1]}"
                return quantity + self.teller.phrase(key, bound=shown)
        return self._among_the_free(weights, quantity)

    def _plain_weight(self, weights: Weights) -> str:
        shown = wording.percent(weights.weight, weights.total)
        by = self.mapping.driver or self.mapping.method
        return self._phrase("weights", percent=shown, driver=by)

    def _prove_bound(self, bound: tuple[Decimal, str]) -> None:
        amount, currency = bound
        parts = [self._part("bound", amount, self.teller.places.mapping(self.mapping.code))]
        sign = "0 - " if self.inflow.moved < 0 else ""
        if currency == self.teller.seen.result.currency:
            self._prove(f"{sign}{{0}}", parts, self.slack)
        else:
            parts.append(self._exchange_rate(currency))
            self._prove(f"{sign}{{0}} * {{1}}", parts, self.slack)

    def _by_floors(self, weights: Weights) -> str:
        """Too little for all floors: it is shared in their proportions."""
        floors = self.prices.floors(weights)
        mine, whole = floors.get(self.number, 0), sum(floors.values())
        where = self.teller.places.mapping(self.mapping.code)
        parts = [
            self._moved(),
            self._units_part("bound", mine, where),
            self._units_part("total", whole, where),
        ]
        self._prove("{0} * {1} / {2}", parts, self.slack)
        return self._phrase(
            "by_floors", floor=self.teller.amount(mine), floors=self.teller.amount(whole)
        )

    def _among_the_free(self, weights: Weights, quantity: str) -> str | None:
        """The share of a target that met no bound: of what the bound ones left."""
        bound = [self.prices.is_at_bound(target, got) for target, _, got in weights.by_target]
        edges = list(zip(weights.by_target, bound, strict=True))
        if not any(at_bound and (weight or got) for (_, weight, got), at_bound in edges):
            return None
        free = [(weight, got) for (_, weight, got), at_bound in edges if weight and not at_bound]
        left = sum(got for _, got in free)
        total = from_units(sum(weight for weight, _ in free), max(weights.decimals, 0))
        places = self.teller.places
        parts = [
            self._units_part("free", left, places.flows(source=self.source)),
            self._quantities(weights)[0],
            self._part("total", total, places.quantities(self.mapping.driver or "", self.source)),
        ]
        self._prove("{0} * {1} / {2}", parts, self.slack + len(free))
        return quantity + self.teller.phrase("between_bounds")

    def _portion(self) -> str:
        inflow, portion = self.inflow, self.mapping.portion
        if portion == 100:
            return ""
        teller = self.teller
        if inflow.left is None:
            return teller.phrase("portion_plain", portion=plain(portion))
        left = self._units_part("left", inflow.left, teller.places.flows(source=self.source))
        taken = self._part("portion", portion, teller.places.mapping(self.mapping.code))
        before = len(teller.formulas)
        goal = teller.goal("moved", inflow.moved, self._moved().href, suffix=self.suffix)
        teller.prove(goal, "{0} * {1} / 100", [left, taken], self.slack)
        if len(teller.formulas) == before:
            return teller.phrase("portion_plain", portion=plain(portion))
        return teller.phrase("portion", portion=plain(portion), left=teller.amount(inflow.left))

    def _settled(self) -> str:
        if not self.inflow.is_within:
            return ""
        setting = self.teller.stages.get(self.mapping.stage, {})
        return self.teller.phrase(str(setting.get("solve") or "reciprocal"))

    def _phrase(self, key: str, **fields: object) -> str:
        moved = self.teller.amount(self.inflow.moved)
        return self.teller.phrase(key, moved=moved, **fields)

    def _moved(self) -> Part:
        where = self.teller.places.flows(source=self.source, mapping=self.mapping.code)
        return self._units_part("moved", self.inflow.moved, where)

    def _part(self, key: str, value: Decimal, href: str) -> Part:
        return self.teller.part(key, value, href, suffix=self.suffix)

    def _units_part(self, key: str, units: int, href: str) -> Part:
        return self.teller.units_part(key, units, href, suffix=self.suffix)

    def _prove(self, expression: str, parts: list[Part], slack: int = 0) -> None:
        where = self.teller.places.flows(
            source=self.source, target=self.target, mapping=self.mapping.code
        )
        goal = self.teller.goal("flow", self.inflow.units, where, suffix=self.suffix)
        self.teller.prove(goal, expression, parts, slack)
