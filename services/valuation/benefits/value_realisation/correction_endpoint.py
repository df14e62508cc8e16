"""`.../value-expectations/{id}/correction`: what experience offers in place of a promise."""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.valuation.benefits.value_realisation.bias import (
    Bias,
    Promised,
    Reference,
    choose_reference,
    correct_amount,
    correct_target,
)
from services.valuation.benefits.value_realisation.looks import load_experiences, portfolio_of
from services.valuation.benefits.value_realisation.wording import correction_sentence
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.value_expectations import repository as expectations
from shared.auth import Needs
from shared.contracts.valuation.realisation import (
    CorrectedFigure,
    CorrectionAnswer,
    ReferenceClass,
)
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.links import href
from shared.http.routing import new_router
from shared.tables.valuation.initiatives import ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

router = new_router(
    "/v1/initiatives/{initiative_id:uuid}/value-expectations",
    "value-expectations",
    [Needs("valuation:read")],
)
TargetReason = Literal["no_baseline", "no_target"]


@router.get(
    "/{expectation_id:uuid}/correction",
    summary="What experience says of a promise",
    operation_id="get_expectation_correction",
)
def get_expectation_correction(
    initiative_id: UUID, expectation_id: UUID, session: SessionDep, language: LanguageDep
) -> CorrectionAnswer:
    """An offer from the results of earlier promises like it; nothing is changed."""
    initiative = initiatives.get_initiative(session, initiative_id)
    row, code = expectations.get_expectation(session, initiative_id, expectation_id)
    kpi = session.get(ValueKpi, row.kpi_id) if row.kpi_id is not None else None
    promised = Promised(
        initiative=initiative.code,
        kpi=code,
        kind=row.benefit_kind,
        portfolio=portfolio_of(initiative),
    )
    reference = choose_reference(promised, load_experiences(session))
    bias = reference.bias
    target, reason = _target(row, kpi, bias)
    return CorrectionAnswer(
        initiative=initiative.code,
        expectation=row.id,
        kpi=code,
        classes=_classes(reference),
        reason="too_little_data" if bias is None else None,
        factor=bias.median if bias is not None else None,
        factor_low=bias.p10 if bias is not None else None,
        factor_high=bias.p90 if bias is not None else None,
        target=target,
        target_reason=reason,
        monetary_value=_money(row, bias),
        currency=row.currency,
        sentence=correction_sentence(reference, language),
        evidence=[href(f"/v1/value-realisation/bias?group_by={_grouped_by(reference)}")],
    )


def _grouped_by(reference: Reference) -> str:
    if reference.chosen in {None, "all"}:
        return "none"
    return "kpi" if reference.chosen == "same_kpi" else "kind"


def _classes(reference: Reference) -> list[ReferenceClass]:
    return [
        ReferenceClass(name=name, n=n, chosen=name == reference.chosen)
        for name, n in reference.sizes
    ]


def _factors(bias: Bias) -> tuple[Decimal, Decimal, Decimal]:
    """(middle, low, high); a bias of enough shares has them all."""
    found = [factor or Decimal(0) for factor in (bias.median, bias.p10, bias.p90)]
    return found[0], found[1], found[2]


def _target(
    row: ValueExpectation, kpi: ValueKpi | None, bias: Bias | None
) -> tuple[CorrectedFigure | None, TargetReason | None]:
    """The corrected target; what the promise does not state is the KPI's own."""
    target = row.target if row.target is not None or kpi is None else kpi.target
    baseline = row.baseline if row.baseline is not None or kpi is None else kpi.baseline
    if target is None:
        return None, "no_target"
    if baseline is None:
        return None, "no_baseline"
    if bias is None:
        return None, None
    middle, *ends = (correct_target(baseline, target, factor) for factor in _factors(bias))
    return CorrectedFigure(promised=target, corrected=middle, low=min(ends), high=max(ends)), None


def _money(row: ValueExpectation, bias: Bias | None) -> CorrectedFigure | None:
    value = row.monetary_value
    if value is None or bias is None:
        return None
    middle, *ends = (correct_amount(value, factor) for factor in _factors(bias))
    return CorrectedFigure(promised=value, corrected=middle, low=min(ends), high=max(ends))
