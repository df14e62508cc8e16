"""Where each figure comes from: addresses of the API that show or trace it."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from shared.periods import next_period


@dataclass(frozen=True)
class Links:
    """Addresses under the services' public roots (`/allocation`, or a whole URL)."""

    allocation: str
    valuation: str
    run: str = ""
    ingest: str = "/ingest"

    def of_run(self, part: str = "") -> str:
        """The run itself or one of its parts (`reconciliation`, `unallocated`)."""
        return f"{self.allocation}/v1/runs/{self.run}" + (f"/{part}" if part else "")

    def of_view(self, name: str) -> str:
        """A view of the run."""
        return f"{self.allocation}/v1/views/{name}?{urlencode({'run': self.run})}"

    def of_object(self, layer: str, code: str) -> str:
        """An object's cost traced back to where it came from."""
        return f"{self.of_run('trace')}?{_trace_query(layer, code)}"

    def of_kpi(self, kpi_id: str, measured_in: str | None) -> str:
        """A KPI's series: the year up to the month of the figure, which stays in it for good."""
        series = f"{self.valuation}/v1/value-kpis/{kpi_id}/series"
        if measured_in is None:
            return series
        return f"{series}?from={next_period(measured_in, -11)}&to={measured_in}"

    def of_initiative(self, initiative_id: str, part: str = "") -> str:
        """An initiative or one of its parts (`value-expectations`, `evaluation`)."""
        address = f"{self.valuation}/v1/initiatives/{initiative_id}"
        return address + (f"/{part}" if part else "")

    def of_solution_value(self, period: str, code: str = "") -> str:
        """Cost beside value of all solutions, or of one."""
        asked = {"period": period} | ({"code": code} if code else {})
        return f"{self.valuation}/v1/views/solution-value?{urlencode(asked)}"

    def of_realisation(self, period: str, part: str = "") -> str:
        """Promised and realised money up to a month, or its `bias`."""
        address = f"{self.valuation}/v1/value-realisation" + (f"/{part}" if part else "")
        return f"{address}?{urlencode({'to': period})}"

    def of_value_chain(self, period: str) -> str:
        """Cost beside revenue by stage of the value chain, of the run's month."""
        asked = {"period": period, "run": self.run}
        return f"{self.valuation}/v1/value-chain?{urlencode(asked)}"

    def of_review(self, review_id: str) -> str:
        """A post-implementation review."""
        return f"{self.valuation}/v1/post-implementation-reviews/{review_id}"


@lru_cache(maxsize=50_000)
def _trace_query(layer: str, code: str) -> str:
    """One text for each object: a large report names the same objects in many rows."""
    to = "line" if layer == "pool" else "pool"
    return urlencode({"layer": layer, "code": code, "direction": "back", "to": to})
