"""Typed calls to the valuation service: KPIs, observations, initiatives, evaluations, reviews."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from shared.clients.base import ServiceClient
from shared.contracts.bulk import MAX_ITEMS, BulkAnswer
from shared.contracts.valuation.cash_flows import CashFlowOfInitiative, CashFlowRequest
from shared.contracts.valuation.evaluations import (
    Convention,
    EvaluationAnswer,
    EvaluationRequest,
    InitiativeEvaluation,
)
from shared.contracts.valuation.gates import GateAnswer
from shared.contracts.valuation.initiatives import InitiativeAnswer, InitiativeRequest
from shared.contracts.valuation.kpi_packs import PackLoaded
from shared.contracts.valuation.kpis import (
    ObservationRequest,
    ValueKpiAnswer,
    ValueKpiRequest,
)
from shared.contracts.valuation.promises import (
    ValueExpectationOfInitiative,
    ValueExpectationRequest,
)
from shared.contracts.valuation.realisation import RealisationAnswer
from shared.contracts.valuation.reviews import ReviewAnswer, ReviewSummary
from shared.contracts.valuation.series import SeriesAnswer
from shared.contracts.valuation.variances import InitiativeVariance, InitiativeVariances
from shared.contracts.values import Contract, decimal_to_text

InitiativeStep = Literal["approve", "start", "go-live", "close", "reject"]
ReviewStep = Literal["start", "submit", "approve"]
REVIEWS = "/v1/post-implementation-reviews"


class ValuationClient(ServiceClient):
    """The valuation service's operations; its problems come back as the classes it raised."""

    def load_kpi_pack(self, name: str) -> PackLoaded:
        """Take a shipped KPI pack over; again changes nothing."""
        return self.post(f"/v1/kpi-packs/{name}/load", {}, PackLoaded, repeatable=True)

    def put_value_kpis(self, items: Sequence[ValueKpiRequest]) -> list[BulkAnswer]:
        """Upsert KPIs by code."""
        return self._bulk("/v1/value-kpis/bulk", items)

    def find_value_kpi(self, code: str) -> ValueKpiAnswer | None:
        """The KPI of a code, if there is one."""
        found = next(self.walk("/v1/value-kpis", code=code), None)
        return ValueKpiAnswer.model_validate(found) if found is not None else None

    def put_observations(self, items: Sequence[ObservationRequest]) -> list[BulkAnswer]:
        """Upsert observations of any KPIs."""
        return self._bulk("/v1/observations/bulk", items)

    def get_series(
        self, kpi_id: UUID | str, first: str | None = None, last: str | None = None
    ) -> SeriesAnswer:
        """A KPI month by month."""
        query = {"from": first, "to": last}
        return self.get(f"/v1/value-kpis/{kpi_id}/series", SeriesAnswer, **query)

    def put_initiatives(self, items: Sequence[InitiativeRequest]) -> list[BulkAnswer]:
        """Upsert initiatives by code."""
        return self._bulk("/v1/initiatives/bulk", items)

    def find_initiative(self, code: str) -> InitiativeAnswer | None:
        """The initiative of a code, if there is one."""
        found = next(self.walk("/v1/initiatives", code=code), None)
        return InitiativeAnswer.model_validate(found) if found is not None else None

    def take_initiative_step(
        self, initiative_id: UUID | str, step: InitiativeStep, **body: Any
    ) -> InitiativeAnswer:
        """Approve, start, go live, close or reject."""
        return self.post(f"/v1/initiatives/{initiative_id}/{step}", body, InitiativeAnswer)

    def put_expectations(
        self, initiative_id: UUID | str, items: Sequence[ValueExpectationRequest]
    ) -> list[BulkAnswer]:
        """Upsert an initiative's promises."""
        return self._bulk(f"/v1/initiatives/{initiative_id}/value-expectations/bulk", items)

    def put_cash_flows(
        self, initiative_id: UUID | str, items: Sequence[CashFlowRequest]
    ) -> list[BulkAnswer]:
        """Upsert an initiative's cash flows; at most 10,000 at once without external ids."""
        return self._bulk(f"/v1/initiatives/{initiative_id}/cash-flows/bulk", items)

    def put_expectations_of_initiatives(
        self, items: Sequence[ValueExpectationOfInitiative]
    ) -> list[BulkAnswer]:
        """Upsert promises of many initiatives, each named by its code."""
        return self._bulk("/v1/value-expectations/bulk", items)

    def put_cash_flows_of_initiatives(
        self, items: Sequence[CashFlowOfInitiative]
    ) -> list[BulkAnswer]:
        """Upsert cash flows of many initiatives; beyond 10,000 give them external ids."""
        return self._bulk("/v1/cash-flows/bulk", items)

    def list_gates(self, initiative_id: UUID | str) -> list[GateAnswer]:
        """What an initiative was worth at each of its steps."""
        found = self.walk(f"/v1/initiatives/{initiative_id}/gates")
        return [GateAnswer.model_validate(gate) for gate in found]

    def get_variances(self, initiative_id: UUID | str) -> InitiativeVariances:
        """An initiative's actual held against its plan."""
        return self.get(f"/v1/initiatives/{initiative_id}/variances", InitiativeVariances)

    def walk_variances(self, **filters: str) -> Iterator[InitiativeVariance]:
        """Initiatives by code, plan against actual."""
        for found in self.walk("/v1/initiative-variances", **filters):
            yield InitiativeVariance.model_validate(found)

    def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        """Judge cash flows; nothing is stored."""
        return self.post("/v1/evaluations", request, EvaluationAnswer, repeatable=True)

    def evaluate_initiative(
        self,
        initiative_id: UUID | str,
        *,
        discount_rate: Decimal | None = None,
        basis: Literal["plan", "actual"] = "plan",
        convention: Convention = "dated",
    ) -> InitiativeEvaluation:
        """Judge an initiative's planned or actual cash flows."""
        return self.get(
            f"/v1/initiatives/{initiative_id}/evaluation",
            InitiativeEvaluation,
            discount_rate=decimal_to_text(discount_rate) if discount_rate is not None else None,
            basis=basis,
            convention=convention,
        )

    def walk_reviews(self, initiative: str | None = None) -> Iterator[ReviewSummary]:
        """Reviews by due day."""
        for found in self.walk(REVIEWS, initiative=initiative):
            yield ReviewSummary.model_validate(found)

    def get_review(self, review_id: UUID | str) -> ReviewAnswer:
        """One review with results, findings and actions."""
        return self.get(f"{REVIEWS}/{review_id}", ReviewAnswer)

    def take_review_step(self, review_id: UUID | str, step: ReviewStep) -> ReviewAnswer:
        """Start, submit or approve."""
        return self.post(f"{REVIEWS}/{review_id}/{step}", {}, ReviewAnswer)

    def get_value_realisation(self, portfolio: str | None = None) -> RealisationAnswer:
        """Realised against expected value."""
        return self.get("/v1/value-realisation", RealisationAnswer, portfolio=portfolio)

    def _bulk(self, path: str, items: Sequence[Contract]) -> list[BulkAnswer]:
        """All items in parts of at most 10,000; upserts, so that a repeat is harmless."""
        return [
            self.post(
                path, {"items": items[start : start + MAX_ITEMS]}, BulkAnswer, repeatable=True
            )
            for start in range(0, len(items), MAX_ITEMS)
        ]
