"""Money that finds no pool: allocation decides; what it said last is kept for the trend."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.clients.allocation.coverage import allocation_coverage
from shared.contracts.allocation.mappings import CoverageAnswer
from shared.errors import Problem
from shared.money import EXACT, plain

NO_SOURCE = ""


@dataclass(frozen=True)
class PoolMoney:
    """Lines of one currency and those without a pool, with the sums of absolute amounts."""

    lines: int
    unmapped_lines: int
    gross: Decimal
    unmapped_gross: Decimal


@dataclass(frozen=True)
class PoolFigures:
    """By source and currency, under one version of the model."""

    model_version: UUID
    sources: Mapping[str, Mapping[str, PoolMoney]]

    def to_json(self) -> dict[str, Any]:
        """As kept."""
        return {
            "model_version": str(self.model_version),
            "sources": {
                source: [
                    [currency, one.lines, one.unmapped_lines, plain(one.gross),
                     plain(one.unmapped_gross)]
                    for currency, one in money.items()
                ]
                for source, money in self.sources.items()
            },
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "PoolFigures":
        """From what was kept."""
        return cls(
            UUID(content["model_version"]),
            {
                source: {
                    currency: PoolMoney(lines, unmapped, Decimal(gross), Decimal(unmapped_gross))
                    for currency, lines, unmapped, gross, unmapped_gross in money
                }
                for source, money in content["sources"].items()
            },
        )

    def total(self) -> Mapping[str, PoolMoney]:
        """All sources together, by currency."""
        found: dict[str, PoolMoney] = {}
        for money in self.sources.values():
            for currency, one in money.items():
                had = found.get(currency, PoolMoney(0, 0, Decimal(0), Decimal(0)))
                found[currency] = PoolMoney(
                    had.lines + one.lines,
                    had.unmapped_lines + one.unmapped_lines,
                    EXACT.add(had.gross, one.gross),
                    EXACT.add(had.unmapped_gross, one.unmapped_gross),
                )
        return found


def asked_now(period: str, scenario: str) -> tuple[PoolFigures | None, str | None]:
    """What allocation says at present, or why nothing is known."""
    try:
        with closing(allocation_coverage()) as allocation:
            answer = allocation.of_sources(period, scenario)
    except Problem:
        return None, "allocation_unavailable"
    if answer.model_version is None:
        return None, "no_published_model"
    return _figures(answer, answer.model_version), None


def _figures(answer: CoverageAnswer, model_version: UUID) -> PoolFigures:
    sources: dict[str, dict[str, PoolMoney]] = {}
    for item in answer.items:
        sources.setdefault(item.key or NO_SOURCE, {})[item.currency] = PoolMoney(
            item.lines, item.unmapped_lines, item.gross, item.unmapped_gross
        )
    return PoolFigures(model_version, sources)
