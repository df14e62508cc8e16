"""Shares of rows and money: refused, known already, without a pool."""

from collections.abc import Sequence
from decimal import Decimal

from services.ingest.data_quality.domain import Status, at_most, share_of
from services.ingest.data_quality.figures.subject import Subject
from services.ingest.data_quality.figures.unmapped import PoolMoney
from shared.contracts.ingest.data_quality import ImportShare, QualityMoney, UnmappedShare


def rejects(subject: Subject) -> ImportShare:
    """How much of what was imported was refused."""
    return _import_share(subject, "reject_share", "rejected", 1, ("0.01", "0.05"))


def duplicates(subject: Subject) -> ImportShare:
    """How much of what was imported had come before."""
    return _import_share(subject, "duplicates", "duplicate", 2, ("0.05", "0.5"))


def _import_share(
    subject: Subject, measure: str, rows_of: str, place: int, limits: tuple[str, str]
) -> ImportShare:
    def figure(period: str) -> Decimal | None:
        brought = subject.brought(period)
        return share_of(getattr(brought, rows_of), brought.received)

    now = subject.brought(subject.gathered.period)
    money = [
        QualityMoney(
            currency=currency,
            amount=amounts[place],
            of=amounts[0],
            share=share_of(abs(amounts[place]), abs(amounts[0])),
        )
        for currency, amounts in sorted(now.money.items(), key=lambda one: one[0] or "")
    ]
    value = figure(subject.gathered.period)
    return ImportShare(
        **subject.named(measure, "share", "no_imports" if value is None else None),
        value=value,
        status=_worst_share([value, *(one.share for one in money)], limits),
        trend=subject.trend(figure),
        rows=getattr(now, rows_of),
        of_rows=now.received,
        money=money,
        imports=now.imports,
        failed_imports=now.failed,
    )


def _worst_share(shares: Sequence[Decimal | None], limits: tuple[str, str]) -> Status | None:
    known = [one for one in shares if one is not None]
    return at_most(max(known), *limits) if known else None


def unmapped(subject: Subject) -> UnmappedShare:
    """The largest share, over the currencies, of money without a pool."""
    gathered = subject.gathered
    pools = gathered.pools.get(gathered.period)
    money = _pool_money(subject, gathered.period)
    value = _unmapped_share(money)
    no_lines = "no_lines" if value is None else None
    reason = no_lines if pools is not None else gathered.pools_reason
    return UnmappedShare(
        **subject.named("unmapped_share", "share", reason),
        value=value,
        status=at_most(value, "0.01", "0.05"),
        trend=subject.trend(lambda one: _unmapped_share(_pool_money(subject, one))),
        rows=None if pools is None else sum(one.unmapped_lines for _, one in money),
        money=[
            QualityMoney(
                currency=currency,
                amount=one.unmapped_gross,
                of=one.gross,
                share=share_of(one.unmapped_gross, one.gross),
            )
            for currency, one in money
        ],
        model_version=None if pools is None else pools.model_version,
    )


def _pool_money(subject: Subject, period: str) -> list[tuple[str, PoolMoney]]:
    pools = subject.gathered.pools.get(period)
    if pools is None:
        return []
    found = pools.total() if subject.source is None else pools.sources.get(subject.source, {})
    return sorted(found.items())


def _unmapped_share(money: Sequence[tuple[str, PoolMoney]]) -> Decimal | None:
    shares = [share_of(one.unmapped_gross, one.gross) for _, one in money]
    return max((share for share in shares if share is not None), default=None)
