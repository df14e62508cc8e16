"""Whose figures are asked for, and the periods over which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from services.ingest.data_quality.domain import (
    NO_FIGURES,
    Deliveries,
    SourceFigures,
    merged,
    merged_deliveries,
)
from services.ingest.data_quality.figures.gathering import Gathered
from services.ingest.data_quality.labels import label, sentence
from shared.contracts.ingest.data_quality import QualityPoint

Unit = Literal["share", "days", "count"]


@dataclass(frozen=True)
class Subject:
    """Whose figures: one source, or all (None), in the language of the reader."""

    gathered: Gathered
    source: str | None
    language: str

    def lines(self, period: str) -> SourceFigures | None:
        """What was counted of its lines."""
        if self.source is not None:
            return self.gathered.lines(self.source, period)
        found = list(self.gathered.figures.get(period, NO_FIGURES).sources.values())
        return merged(found) if found else None

    def brought(self, period: str) -> Deliveries:
        """What imports brought of it."""
        if self.source is not None:
            return self.gathered.brought(self.source, period)
        keys = [key for key in self.gathered.deliveries if key[1] == period]
        return merged_deliveries([self.gathered.deliveries[key] for key in sorted(keys)])

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """When its first delivery of all came, and its last."""
        every = self.gathered.moments
        wanted = every if self.source is None else {self.source} & set(every)
        found = [every[source] for source in wanted]
        counted = [self.lines(period) for period in sorted(self.gathered.figures)]
        seen = [one for one in counted if one is not None]
        firsts = [first for first, _ in found] + [one.first_at for one in seen]
        lasts = [last for _, last in found if last] + [one.last_at for one in seen]
        return min(firsts, default=None), max(lasts, default=None)

    def trend(self, figure: Callable[[str], Decimal | None]) -> list[QualityPoint]:
        """A figure in the earlier periods, oldest first."""
        periods = self.gathered.earlier
        return [QualityPoint(period=period, value=figure(period)) for period in periods]

    def named(self, measure: str, unit: Unit, reason: str | None = None) -> dict[str, Any]:
        """What every figure carries for people."""
        name, said = label(measure, self.language), sentence(reason, self.language)
        return {"name": name, "unit": unit, "reason": said, "reason_code": reason}
