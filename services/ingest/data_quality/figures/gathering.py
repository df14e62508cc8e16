"""Everything that the figures of a period are made of, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from services.ingest.data_quality.domain import (
    HISTORY_PERIODS,
    LONGEST_DAYS,
    NO_FIGURES,
    Deliveries,
    PeriodFigures,
    SourceFigures,
)
from services.ingest.data_quality.figures.counting_repository import (
    figures_of,
    keep_pools,
    pools_of,
)
from services.ingest.data_quality.figures.delivery_repository import (
    Key,
    SimilarAssets,
    deliveries_of,
    moments_of,
    similar_assets,
)
from services.ingest.data_quality.figures.sudden import Sudden, sudden_changes
from services.ingest.data_quality.figures.unmapped import PoolFigures, asked_now
from shared.clock import utc_now
from shared.periods import next_period


@dataclass(frozen=True)
class Gathered:
    """What is known of a period, of the periods before it, and of every source."""

    period: str
    scenario: str
    now: datetime
    figures: Mapping[str, PeriodFigures]
    deliveries: Mapping[Key, Deliveries]
    moments: Mapping[str, tuple[datetime, datetime | None]]
    pools: Mapping[str, PoolFigures]
    pools_reason: str | None
    assets: tuple[int, Sequence[SimilarAssets]]
    within_days: int
    known_changes: dict[Key, Sequence[Sudden]] = field(default_factory=dict)

    def sudden(self, source: str, period: str) -> Sequence[Sudden]:
        """What changed suddenly in a source; found once, for it is shown in several places."""
        key = (source, period)
        if key not in self.known_changes:
            self.known_changes[key] = sudden_changes(source, period, self.figures)
        return self.known_changes[key]

    @property
    def earlier(self) -> list[str]:
        """The periods of the trends, oldest first."""
        return [next_period(self.period, months) for months in range(-HISTORY_PERIODS, 0)]

    def lines(self, source: str, period: str) -> SourceFigures | None:
        """What was counted of a source's lines in a period."""
        return self.figures.get(period, NO_FIGURES).sources.get(source)

    def brought(self, source: str, period: str) -> Deliveries:
        """What imports brought of a source for a period."""
        return self.deliveries.get((source, period), Deliveries())

    def sources(self) -> list[str]:
        """Who sent something for the period, or lines for one of the six before it."""
        found = {source for source, period in self.deliveries if period == self.period}
        for period in (*self.earlier, self.period):
            found |= set(self.figures.get(period, NO_FIGURES).sources)
        return sorted(found)


def gather(session: Session, period: str, scenario: str, within_days: int) -> Gathered:
    """Read it all; the history goes twice as far back, so that the trend has a history too."""
    periods = [next_period(period, months) for months in range(-2 * HISTORY_PERIODS, 1)]
    pools, reason = _pools(session, period, periods, scenario)
    return Gathered(
        period=period,
        scenario=scenario,
        now=utc_now(),
        figures=figures_of(session, periods, scenario),
        deliveries=deliveries_of(session, periods, scenario),
        moments=moments_of(session),
        pools=pools,
        pools_reason=reason,
        assets=similar_assets(session, LONGEST_DAYS),
        within_days=within_days,
    )


def _pools(
    session: Session, period: str, periods: list[str], scenario: str
) -> tuple[dict[str, PoolFigures], str | None]:
    """What allocation says now of this period, and said last of those before."""
    pools = pools_of(session, periods, scenario)
    present, reason = asked_now(period, scenario)
    known = pools.pop(period, None)
    if present is not None:
        pools[period] = present
        if present != known and present.sources:
            keep_pools(period, scenario, present)
    return pools, reason
