"""Explanations on the wire: sentences, formulas that can be computed again, and what a run took."""

from typing import Literal

from pydantic import Field

from shared.contracts.allocation.runs import Measure, RunLayer, TracedObject
from shared.contracts.values import Contract, ExactText


class FormulaInput(Contract):
    """One name of a formula: its exact value and where it can be read."""

    name: str
    value: ExactText
    href: str


class FormulaAnswer(Contract):
    """A formula with names that stand among its inputs; `*`, `/`, `+`, `-` and brackets only.

    What comes out of it is `value`, give or take `tolerance` (what splitting whole units costs).
    """

    text: str = Field(examples=["received = moved * quantity / total"])
    value: ExactText
    tolerance: ExactText
    href: str
    inputs: list[FormulaInput]


class ExplanationAnswer(Contract):
    """How the amount of an object came about, in the caller's language."""

    object: TracedObject
    measure: Measure
    unit: str
    amount: ExactText
    sentences: list[str]
    formulas: list[FormulaAnswer]


class RunQuantityAnswer(Contract):
    """How much of a driver a run counted for a target, or for a pair of source and target."""

    driver: str
    basis: Literal["measured", "estimated"]
    source: str | None
    target: str
    quantity: ExactText


class RunRateAnswer(Contract):
    """The exchange rate by which a run converted: one unit of `from` cost so much."""

    from_currency: str = Field(alias="from")
    to_currency: str = Field(alias="to")
    kind: Literal["average", "closing"]
    rate: ExactText


class RunOwnAmountAnswer(Contract):
    """An amount that entered a run at an object itself."""

    measure: Measure
    layer: RunLayer
    code: str
    amount: ExactText


class EmissionPart(Contract):
    """A factor that a run took: its scope, and since when it holds."""

    code: str
    scope: str
    valid_from: str
    kg_per_kwh: ExactText


class RunEmissionAnswer(Contract):
    """What a resource emitted by its energy: kg = kwh x the sum of its factors."""

    resource: str
    region: str
    kwh: ExactText
    factors: list[EmissionPart]
    kg: ExactText
