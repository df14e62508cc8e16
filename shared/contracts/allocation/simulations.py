"""What if: changes tried on a finished run, and how its figures would differ."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.allocation.changes import ChangedAmount, ChangedTotals
from shared.contracts.allocation.mappings import EXAMPLE, MappingRequest
from shared.contracts.allocation.runs import Measure, TracedObject, TraceLayer
from shared.contracts.values import (
    Code,
    Contract,
    DecimalText,
    ExactText,
    Instant,
    Label,
)

Factor = Annotated[DecimalText, Field(ge=0, le=1_000_000, examples=["1.1"])]
FORMS = ("driver", "mapping", "disable_mapping", "pool")
BESIDE: dict[str, frozenset[str]] = {
    "driver": frozenset(("target", "source", "factor", "quantity")),
    "mapping": frozenset(),
    "disable_mapping": frozenset(),
    "pool": frozenset(("factor", "amount")),
}


class SimulationChange(Contract):
    """One change, in one of four forms.

    `driver` with `factor` or `quantity`: the driver's quantities, all of them or those of a
    `target` (and `source`); several together become `quantity` in proportion. `mapping`: instead
    of the run's mapping of that code, or beside them. `disable_mapping`: without it. `pool` with
    `factor` or `amount` (in the run's currency): what the pool and all below it hold.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"driver": "vcpu_hours", "target": "ERP", "factor": "1.1"},
                {"driver": "vcpu_hours", "target": "CRM", "quantity": "120"},
                {"mapping": EXAMPLE},
                {"disable_mapping": "cloud-compute"},
                {"pool": "CLOUD", "factor": "0.9"},
                {"pool": "CLOUD", "amount": "250000"},
            ]
        }
    )

    driver: Code | None = None
    target: Code | None = None
    source: Code | None = None
    mapping: MappingRequest | None = None
    disable_mapping: Code | None = None
    pool: Code | None = None
    factor: Factor | None = None
    quantity: DecimalText | None = None
    amount: DecimalText | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "SimulationChange":
        given = {name for name in SimulationChange.model_fields if getattr(self, name) is not None}
        forms = [form for form in FORMS if form in given]
        if len(forms) != 1:
            raise ValueError(f"a change names exactly one of {', '.join(FORMS)}")
        (form,) = forms
        stray = sorted(given - BESIDE[form] - {form})
        if stray:
            raise ValueError(f"{', '.join(stray)} does not belong to a change of `{form}`")
        values = {"driver": ("factor", "quantity"), "pool": ("factor", "amount")}.get(form, ())
        if values and len(given.intersection(values)) != 1:
            raise ValueError(f"a change of `{form}` has either {' or '.join(values)}")
        return self


class SimulationRequest(Contract):
    """Changes to try together on a finished run; nothing is stored unless `keep` says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": "01890a5d-ac96-774b-bcce-b302099a8057",
                    "changes": [{"driver": "vcpu_hours", "target": "ERP", "factor": "1.1"}],
                    "limit": 100,
                }
            ]
        }
    )

    run: UUID
    changes: list[SimulationChange] = Field(min_length=1, max_length=100)
    measure: Measure = "cost"
    layer: TraceLayer | None = Field(default=None, description="Only objects of this layer")
    limit: int = Field(default=100, strict=True, ge=1, le=1000)
    keep: bool = Field(default=False, strict=True, description="Store what comes out")
    name: Label | None = Field(default=None, description="What a kept simulation is known by")


class ChangedObject(ChangedAmount):
    """What an object has (own + received) before and after the changes."""

    layer: TraceLayer
    code: str
    name: str


class SimulationAnswer(Contract):
    """The effect of changes on a run: the objects that differ, the largest difference first.

    Objects whose amount stays the same are not listed; `changed` counts all that differ. `id`
    and what follows are null unless the simulation was kept.
    """

    run: UUID
    period: str
    scenario: str
    currency: str
    measure: Measure
    changes: list[dict[str, Any]]
    totals: dict[str, ChangedTotals]
    changed: int
    items: Sequence[ChangedObject]
    id: UUID | None = None
    name: str | None = None
    created_at: Instant | None = None
    created_by: str | None = None


class KeptSimulation(Contract):
    """A kept simulation in a list, without its items."""

    id: UUID
    name: str | None
    run: UUID
    period: str
    scenario: str
    currency: str
    measure: Measure
    changes: list[dict[str, Any]]
    totals: dict[str, ChangedTotals]
    changed: int
    created_at: Instant
    created_by: str
    etag: str


class SensitivityItem(Contract):
    """What the object would have if one thing alone went up by the change.

    Either a driver's quantities for a `target`, or all that a `pool` holds. `elasticity` is the
    relative change of the amount over the relative change of the cause; null when it is nothing.
    """

    driver: str | None
    target: str | None
    pool: str | None
    name: str
    basis: Literal["measured", "estimated"] | None
    before: ExactText
    after: ExactText
    delta: ExactText
    elasticity: ExactText | None


class SensitivityAnswer(Contract):
    """What moves an object's amount most; each item is simulated exactly."""

    object: TracedObject
    measure: Measure
    currency: str
    amount: ExactText
    change: ExactText
    items: Sequence[SensitivityItem]
