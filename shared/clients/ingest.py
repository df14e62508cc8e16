"""Typed calls to the ingest service."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from shared.clients.base import ServiceClient
from shared.contracts.bulk import BulkAnswer
from shared.contracts.ingest.cost_lines import CostLineAnswer, CostLineDetail, CostLineRequest
from shared.contracts.ingest.driver_totals import DriverTotalsAnswer
from shared.contracts.ingest.facts import (
    DriverRequest,
    QuantityAnswer,
    QuantityReplaceRequest,
    QuantityRequest,
    RateAnswer,
    RateRequest,
    ReplaceAnswer,
    TicketRequest,
)
from shared.contracts.ingest.imports import ImportAnswer, ImportKind, RejectAnswer, RevertRequest
from shared.contracts.ingest.profiles import ProfileRequest
from shared.contracts.ingest.ticket_statistics import TicketGroup, TicketStatisticsAnswer
from shared.contracts.jobs import Accepted, JobAnswer

UPLOAD_SECONDS = 600.0
WAIT_SECONDS = 60


class IngestClient(ServiceClient):
    """The ingest service: imports, cost lines, drivers, exchange rates, tickets."""

    def start_import(
        self, path: Path, kind: ImportKind, *, name: str | None = None, **form: str
    ) -> UUID:
        """Upload a file and answer the id of its import, new or known already."""
        with path.open("rb") as stream:
            response = self.request(
                "POST",
                "/v1/imports",
                form={"kind": kind, **form},
                files={"file": (name or path.name, stream)},
                timeout_seconds=UPLOAD_SECONDS,
            )
        if response.status_code == 200:
            return ImportAnswer.model_validate_json(response.content).id
        return Accepted.model_validate_json(response.content).id

    def get_import(self, import_id: UUID) -> ImportAnswer:
        """What became of every row of a file."""
        return self.get(f"/v1/imports/{import_id}", ImportAnswer)

    def wait_for_job(self, job_id: UUID) -> JobAnswer:
        """A job, held until it ends or a minute has passed."""
        return self.get(f"/v1/jobs/{job_id}", JobAnswer, wait=WAIT_SECONDS)

    def rejects(self, import_id: UUID) -> Iterator[RejectAnswer]:
        """What is wrong with the rows of an import."""
        for item in self.walk(f"/v1/imports/{import_id}/rejects"):
            yield RejectAnswer.model_validate(item)

    def revert_import(self, import_id: UUID, reason: str) -> ImportAnswer:
        """Take an import back."""
        path = f"/v1/imports/{import_id}/revert"
        return self.post(path, RevertRequest(reason=reason), ImportAnswer)

    def push_profiles(self, items: Sequence[ProfileRequest | Mapping[str, object]]) -> BulkAnswer:
        """Upsert profiles by code."""
        return self._push("profiles", items)

    def push_cost_lines(
        self, items: Sequence[CostLineRequest | Mapping[str, object]]
    ) -> BulkAnswer:
        """Upsert lines by source, scenario and external id."""
        return self._push("cost-lines", items)

    def get_cost_line(self, line_id: UUID) -> CostLineDetail:
        """One line with its raw row and the imports that report it."""
        return self.get(f"/v1/cost-lines/{line_id}", CostLineDetail)

    def cost_lines(self, **filters: str) -> Iterator[CostLineAnswer]:
        """Live lines with these values."""
        for item in self.walk("/v1/cost-lines", **filters):
            yield CostLineAnswer.model_validate(item)

    def push_drivers(self, items: Sequence[DriverRequest | Mapping[str, object]]) -> BulkAnswer:
        """Upsert drivers by code."""
        return self._push("drivers", items)

    def push_quantities(
        self, items: Sequence[QuantityRequest | Mapping[str, object]]
    ) -> BulkAnswer:
        """Upsert quantities by driver, period, scenario, source and target."""
        return self._push("driver-quantities", items)

    def replace_quantities(self, feed: QuantityReplaceRequest) -> ReplaceAnswer:
        """Replace a whole feed; safe to repeat."""
        return self.post("/v1/driver-quantities/replace", feed, ReplaceAnswer, repeatable=True)

    def quantities(self, **filters: str) -> Iterator[QuantityAnswer]:
        """The present quantities with these values."""
        for item in self.walk("/v1/driver-quantities", **filters):
            yield QuantityAnswer.model_validate(item)

    def push_rates(self, items: Sequence[RateRequest | Mapping[str, object]]) -> BulkAnswer:
        """Upsert rates by period, currencies and kind."""
        return self._push("exchange-rates", items)

    def rates(self, **filters: str) -> Iterator[RateAnswer]:
        """The present rates with these values."""
        for item in self.walk("/v1/exchange-rates", **filters):
            yield RateAnswer.model_validate(item)

    def push_tickets(self, items: Sequence[TicketRequest | Mapping[str, object]]) -> BulkAnswer:
        """Upsert tickets by number."""
        return self._push("tickets", items)

    def ticket_statistics(
        self, period: str, by: TicketGroup | None = None
    ) -> TicketStatisticsAnswer:
        """How many tickets were opened in a month, and how they went."""
        return self.get("/v1/ticket-statistics", TicketStatisticsAnswer, period=period, by=by)

    def tickets_by_month(
        self, first: str, last: str, limits: Mapping[str, str]
    ) -> TicketStatisticsAnswer:
        """How the tickets with these values went, in each of several months."""
        months = {"from": first, "to": last}
        return self.get("/v1/ticket-statistics", TicketStatisticsAnswer, **months, **limits)

    def driver_totals(
        self, drivers: Sequence[str], first: str, last: str, **limits: str | None
    ) -> DriverTotalsAnswer:
        """How much there was of some drivers, month by month."""
        months = {"from": first, "to": last}
        return self.get(
            "/v1/driver-totals", DriverTotalsAnswer, driver=list(drivers), **months, **limits
        )

    def _push(self, collection: str, items: Sequence[object]) -> BulkAnswer:
        # Upserts by natural key: sending them twice changes nothing, so they may be repeated.
        body = {"items": list(items)}
        return self.post(f"/v1/{collection}/bulk", body, BulkAnswer, repeatable=True)
