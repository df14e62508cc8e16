"""Runs and their figures as callers see them."""

from decimal import Decimal
from typing import Any, TypeVar, cast

from services.allocation.engine.result import RunResult
from services.allocation.runs.figures import BalanceRow, name_of, share_of
from services.allocation.runs.finding_words import finding_answer
from services.allocation.runs.flows import FlowRow
from shared.contracts.allocation.runs import (
    AccuracyAnswer,
    BalanceAnswer,
    FlowAnswer,
    RunAnswer,
    RunTotals,
    UnconvertedAmount,
)
from shared.contracts.values import Contract
from shared.http.etags import etag_of
from shared.money import from_units
from shared.tables.allocation.runs import AllocationRun

AnswerT = TypeVar("AnswerT", bound=Contract)


def made(answer_type: type[AnswerT], /, **fields: Any) -> AnswerT:
    """An answer of our own making, which need not be checked again."""
    return cast(AnswerT, answer_type.model_construct(**fields))


def run_answer(
    run: AllocationRun, *, stale: bool, language: str, is_bound: bool = False
) -> RunAnswer:
    """A run; a caller bound to consumers is told nothing of other units' figures."""
    shown = run.status == "succeeded" and not is_bound
    return made(
        RunAnswer,
        id=run.id,
        status=run.status,
        period=run.period,
        scenario=run.scenario,
        currency=run.currency,
        model_version=run.model_version_id,
        measures=run.measures,
        as_of=run.as_of,
        on_missing_rate=run.on_missing_rate,
        rate_kind=run.rate_kind,
        emission_basis=run.emission_basis,
        reason=run.reason,
        fingerprint=run.fingerprint,
        output_hash=run.output_hash,
        precision=run.precision.get("cost"),
        precisions=run.precision,
        totals=_totals(run) if shown else {},
        unconverted=_unconverted(run) if shown else [],
        counts=run.counts if shown else {},
        timings_ms=run.timings_ms,
        accuracy=_accuracy(run) if shown else None,
        findings=[finding_answer(one, language) for one in run.findings] if shown else [],
        inputs_as_of=run.inputs_as_of,
        stale=stale,
        published=run.published,
        published_at=run.published_at,
        problem=None if is_bound else run.problem,
        created_at=run.created_at,
        finished_at=run.finished_at,
        etag=etag_of(run.id, run.version),
    )


def _totals(run: AllocationRun) -> dict[str, RunTotals]:
    return {
        measure: RunTotals(**{name: Decimal(amount) for name, amount in total.items()})
        for measure, total in run.totals.items()
    }


def _unconverted(run: AllocationRun) -> list[UnconvertedAmount]:
    return [
        UnconvertedAmount(
            currency=one["currency"], amount=Decimal(one["amount"]), lines=one["lines"]
        )
        for one in run.unconverted
    ]


def _accuracy(run: AllocationRun) -> AccuracyAnswer:
    shares: dict[str, Any] = {name: Decimal(share) for name, share in run.accuracy.items()}
    return AccuracyAnswer(**shares, back_test=None)


def balance_answer(
    row: BalanceRow, result: RunResult, precision: int, language: str
) -> BalanceAnswer:
    """A balance in amounts."""
    return made(
        BalanceAnswer,
        layer=row.layer,
        code=row.code,
        name=name_of(result.numbering, row.number, language),
        own=from_units(row.own, precision),
        received=from_units(row.received, precision),
        passed_on=from_units(row.passed_on, precision),
        retained=from_units(row.retained, precision),
        unallocated=from_units(row.unallocated, precision),
    )


def flow_answer(
    row: FlowRow, result: RunResult, measure: int, language: str, *, is_bound: bool = False
) -> FlowAnswer:
    """A flow in amounts, and as a share of all that its source had.

    A caller bound to consumers is not told the share: it would tell what the source had in all.
    """
    numbering, precision = result.numbering, result.precision[result.measures[measure]]
    held = int(result.balances.holding[measure, row.source])
    return made(
        FlowAnswer,
        stage=row.stage,
        mapping=row.mapping,
        source=numbering.code_of(row.source),
        source_name=name_of(numbering, row.source, language),
        target=numbering.code_of(row.target) or "",
        target_name=name_of(numbering, row.target, language) or "",
        amount=from_units(row.units, precision),
        share=None if is_bound else share_of(row.units, held),
        quantity=row.quantity,
    )
