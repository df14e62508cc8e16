"""An attribution as callers see it."""

from services.valuation.measures.attribution.correlation import Lag
from services.valuation.measures.attribution.domain import CONFIDENCE, Estimate, list_gaps
from services.valuation.measures.attribution.event_designs import (
    DifferenceInDifferences,
    InterruptedSeries,
)
from services.valuation.measures.attribution.findings import Association
from services.valuation.measures.attribution.sources import Source
from services.valuation.measures.attribution.wording import (
    CAUTIONS,
    join_sentences,
    say_association,
    say_best_lag,
    say_difference,
    say_interruption,
)
from services.valuation.measures.attribution.workflow import Attribution, Question
from services.valuation.measures.value_kpis.formulas.tree import DriverTotal, PublishedCost
from shared.contracts.valuation.attribution import (
    AttributionAnswer,
    AttributionDesign,
    AttributionPoint,
    CautionAnswer,
    ChangesAnswer,
    DifferenceAnswer,
    EstimateAnswer,
    ExplainedBy,
    InfluenceAnswer,
    InterruptedSeriesAnswer,
    Interval,
    LagAnswer,
    MeansAnswer,
    ParallelTrendAnswer,
    RegressionAnswer,
    UsedPeriods,
)


def attribution_answer(question: Question, found: Attribution, language: str) -> AttributionAnswer:
    """Everything that was found, in figures and in words."""
    association = found.association
    points = _points(found)
    periods = [point.period for point in points]
    texts = _texts(question, found)
    return AttributionAnswer(
        kpi=question.kpi.code,
        unit=question.kpi.unit,
        explained_by=_explained_by(question.source, found.unit_of_others),
        design=_design(found),
        n=len(points),
        periods=UsedPeriods(
            first=periods[0] if periods else None,
            last=periods[-1] if periods else None,
            gaps=list_gaps(periods),
        ),
        pearson=_estimate(association.pearson) if association else None,
        spearman=_estimate(association.spearman) if association else None,
        changes=_changes(association) if association else None,
        lags=[_lag(lag) for lag in association.lags] if association else [],
        best_lag=association.best_lag.months if association and association.best_lag else None,
        elasticity=_estimate(association.elasticity) if association else None,
        regression=_regression(association) if association else None,
        influential_point=_influence(association) if association else None,
        interrupted_time_series=_interruption(found.interruption, question.event),
        difference_in_differences=_difference(found.difference, question),
        cautions=[
            CautionAnswer(code=code, message=CAUTIONS[code][language]) for code in found.cautions
        ],
        says=texts[language],
        texts=texts,
        points=points,
    )


def _design(found: Attribution) -> AttributionDesign:
    if found.difference is not None:
        return "difference_in_differences"
    return "association" if found.interruption is None else "interrupted_time_series"


def _points(found: Attribution) -> list[AttributionPoint]:
    """The months in which every series that was asked for has a value."""
    asked = [series for series in (found.others, found.controls) if series is not None]
    return [
        AttributionPoint(
            period=period,
            value=value,
            explained_by=None if found.others is None else found.others[period],
            control=None if found.controls is None else found.controls[period],
        )
        for period, value in sorted(found.values.items())
        if value is not None and all(series[period] is not None for series in asked)
    ]


def _texts(question: Question, found: Attribution) -> dict[str, str]:
    sentences = []
    if found.association is not None:
        sentences += [say_association(found.association), say_best_lag(found.association)]
    if found.interruption is not None and question.event is not None:
        sentences.append(say_interruption(found.interruption, question.event))
    if found.difference is not None and question.event is not None and question.control:
        sentences.append(say_difference(found.difference, question.event, question.control.code))
    return join_sentences([*sentences, *(CAUTIONS[code] for code in found.cautions)])


def _explained_by(source: Source | None, unit: str | None) -> ExplainedBy | None:
    if source is None:
        return None
    figure = source.figure
    return ExplainedBy(
        kind=source.kind,
        code=source.code,
        layer=figure.layer if isinstance(figure, PublishedCost) else None,
        target=figure.target if isinstance(figure, DriverTotal) else None,
        unit=unit,
    )


def _estimate(found: Estimate) -> EstimateAnswer:
    return EstimateAnswer(
        value=found.value,
        interval=_interval(found),
        p_value=found.p_value,
        reason=found.reason,
    )


def _interval(found: Estimate) -> Interval | None:
    if found.low is None or found.high is None:
        return None
    return Interval(low=found.low, high=found.high, confidence=CONFIDENCE)


def _changes(found: Association) -> ChangesAnswer:
    return ChangesAnswer(**dict(_estimate(found.changes)), n=found.n_changes)


def _lag(lag: Lag) -> LagAnswer:
    return LagAnswer(
        months=lag.months,
        n=lag.n,
        pearson=_estimate(lag.pearson),
        adjusted_p_value=lag.adjusted_p,
    )


def _regression(found: Association) -> RegressionAnswer:
    return RegressionAnswer(
        slope=_estimate(found.line.slope),
        intercept=_estimate(found.line.intercept),
        r_squared=found.line.r_squared,
        durbin_watson=found.line.durbin_watson,
    )


def _influence(found: Association) -> InfluenceAnswer | None:
    return None if found.influence is None else InfluenceAnswer(**vars(found.influence))


def _interruption(
    found: InterruptedSeries | None, event: str | None
) -> InterruptedSeriesAnswer | None:
    if found is None or event is None:
        return None
    return InterruptedSeriesAnswer(
        event=event,
        n_before=found.n_before,
        n_after=found.n_after,
        slope_before=_estimate(found.slope_before),
        level_change=_estimate(found.level_change),
        slope_change=_estimate(found.slope_change),
        durbin_watson=found.durbin_watson,
        hac_lags=found.hac_lags,
    )


def _difference(
    found: DifferenceInDifferences | None, question: Question
) -> DifferenceAnswer | None:
    if found is None or question.event is None or question.control is None:
        return None
    trend = found.parallel_trend
    return DifferenceAnswer(
        event=question.event,
        control=question.control.code,
        n_before=found.n_before,
        n_after=found.n_after,
        effect=_estimate(found.effect),
        means=MeansAnswer(**found.means),
        parallel_trend=ParallelTrendAnswer(
            slope_difference=_estimate(trend.slope_difference), holds=trend.holds
        ),
        durbin_watson=found.durbin_watson,
        hac_lags=found.hac_lags,
    )
