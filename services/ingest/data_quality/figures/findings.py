"""Sudden changes and possible double payments of a source, as callers see them."""

from collections.abc import Sequence
from decimal import Decimal

from services.ingest.data_quality.domain import (
    NO_FIGURES,
    Payment,
    PaymentPair,
    PeriodFigures,
    at_most,
    share_of,
    total_of,
)
from services.ingest.data_quality.figures.subject import Subject
from services.ingest.data_quality.figures.sudden import THIN_BELOW, Sudden, history_of
from services.ingest.data_quality.labels import label, sentence
from shared.contracts.ingest.data_quality import (
    DoublePurchase,
    DoublePurchases,
    PaidLine,
    QualityMoney,
    QualityPoint,
    SuddenChange,
    SuddenChanges,
)

MAX_ITEMS = 100


def changes(subject: Subject) -> SuddenChanges:
    """What changed suddenly, the most striking first; of all sources where none is meant."""
    gathered = subject.gathered
    found = _sudden(subject, gathered.period)
    histories = [
        len(history_of(one, gathered.period, gathered.figures)) for one in _sources(subject)
    ]
    longest = max(histories, default=0)
    thin = any(0 < length < THIN_BELOW for length in histories)
    reason = "no_history" if not longest else ("thin_history" if thin else None)
    whole = any(one.dimension == "source" for one in found)
    status = None if not longest else ("bad" if whole else at_most(Decimal(len(found)), "0", "20"))
    return SuddenChanges(
        **subject.named("sudden_changes", "count", reason),
        value=None if not longest else Decimal(len(found)),
        status=status,
        trend=subject.trend(lambda one: _count(subject, one)),
        thin_history=thin,
        items=[_change(one, subject.language) for one in found[:MAX_ITEMS]],
    )


def _sources(subject: Subject) -> list[str]:
    return subject.gathered.sources() if subject.source is None else [subject.source]


def _sudden(subject: Subject, period: str) -> list[Sudden]:
    found = [one for name in _sources(subject) for one in subject.gathered.sudden(name, period)]
    return sorted(found, key=lambda one: (one.dimension != "source", one.measure, -one.size))


def _count(subject: Subject, period: str) -> Decimal | None:
    figures = subject.gathered.figures
    if not any(history_of(name, period, figures) for name in _sources(subject)):
        return None
    return Decimal(len(_sudden(subject, period)))


def _change(one: Sudden, language: str) -> SuddenChange:
    return SuddenChange(
        source=one.source,
        dimension=one.dimension,
        key=one.key,
        name=label(one.dimension, language),
        measure=one.measure,
        currency=one.currency,
        before=one.judged.before,
        after=one.now,
        factor=one.factor,
        spread=one.judged.spread,
        history=[QualityPoint(period=period, value=value) for period, value in one.history],
        thin_history=len(one.history) < THIN_BELOW,
        reason=sentence(one.judged.reason, language) or "",
        reason_code=one.judged.reason,
    )


def doubles(subject: Subject) -> DoublePurchases:
    """Lines that may pay the same thing again, by the money that would be paid twice."""
    gathered = subject.gathered
    figures = gathered.figures.get(gathered.period, NO_FIGURES)
    lines = subject.lines(gathered.period)
    money = []
    for currency, gross in sorted(lines.gross.items()) if lines else ():
        amount = _doubled(subject, figures, currency)[1]
        money.append(
            QualityMoney(currency=currency, amount=amount, of=gross, share=share_of(amount, gross))
        )
    count = sum(_doubled(subject, figures, one.currency)[0] for one in money)
    share = max((one.share for one in money if one.share is not None), default=Decimal(0))
    status = None if lines is None else ("good" if not count else "warning")
    return DoublePurchases(
        **subject.named("double_purchases", "count", "no_lines" if lines is None else None),
        value=None if lines is None else Decimal(count),
        status="bad" if share > Decimal("0.01") else status,
        trend=subject.trend(lambda one: _doubles_in(subject, one)),
        within_days=gathered.within_days,
        money=[one for one in money if one.amount],
        items=[_pair(one) for one in _pairs(subject, figures)],
    )


def _doubled(subject: Subject, figures: PeriodFigures, currency: str | None) -> tuple[int, Decimal]:
    """How many pairs of a currency (of any, for null), and their money."""
    found = [
        counted
        for (source, own, days), counted in figures.doubles.items()
        if subject.source in {None, source}
        and currency in {None, own}
        and days <= subject.gathered.within_days
    ]
    return sum(pairs for pairs, _ in found), total_of(amount for _, amount in found)


def _doubles_in(subject: Subject, period: str) -> Decimal | None:
    if subject.lines(period) is None:
        return None
    figures = subject.gathered.figures.get(period, NO_FIGURES)
    return Decimal(_doubled(subject, figures, None)[0])


def _pairs(subject: Subject, figures: PeriodFigures) -> Sequence[PaymentPair]:
    found = [
        one
        for one in figures.pairs
        if subject.source in {None, one.second.source} and one.days <= subject.gathered.within_days
    ]
    return found[:MAX_ITEMS]


def _pair(one: PaymentPair) -> DoublePurchase:
    return DoublePurchase(
        vendor=one.vendor,
        amount=one.amount,
        currency=one.currency,
        days=one.days,
        first=_paid(one.first),
        second=_paid(one.second),
    )


def _paid(one: Payment) -> PaidLine:
    return PaidLine.model_validate(vars(one))
