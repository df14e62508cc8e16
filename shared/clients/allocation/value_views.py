"""What allocation says of a layer over one run or the published runs of some months."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.clients.allocation.figures import TIMEOUT_SECONDS, AllocationFigures
from shared.clients.base import service_key
from shared.settings import get_settings


@dataclass(frozen=True)
class WholeView:
    """Every line of a view, and the runs behind them; `totals` are those of all the runs."""

    currency: str | None
    periods: Sequence[str]
    runs: Sequence[str]
    totals: Mapping[str, Decimal]
    items: Sequence[Mapping[str, Any]]


class AllocationViews(AllocationFigures):
    """Calls of the valuation service to allocation for what it sets beside value."""

    def read_view(self, name: str, **query: Any) -> WholeView:
        """A view whole, page by page; `run`, `period` or `from` and `to` say of which months."""
        items: list[Mapping[str, Any]] = []
        cursor: str | None = None
        while True:
            answer = self._json(f"/v1/views/{name}", **query, cursor=cursor)
            items += answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        totals = {key: Decimal(value) for key, value in (answer["totals"] or {}).items()}
        return WholeView(answer["currency"], answer["periods"], answer["runs"], totals, items)

    def list_below(self, layer: str, code: str) -> Iterator[dict[str, Any]]:
        """An object and all below it; nothing when it is not known."""
        path = {"solution": "/v1/solutions", "consumer": "/v1/consumers"}[layer]
        return self.walk(path, under=code)

    def list_factors(self, basis: str, period: str) -> Iterator[dict[str, Any]]:
        """The emission factors of a basis that had begun by a month."""
        return self.walk("/v1/emission-factors", basis=basis, period=period)


def allocation_views(language: str, *, attempts: int = 2) -> AllocationViews:
    """A client with the valuation service's own key, reading names in a language."""
    return AllocationViews(
        get_settings().service_url("allocation"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        language=language,
        attempts=attempts,
    )
