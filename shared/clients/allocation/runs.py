"""Calls to runs: asking for one, publishing it, and every figure behind it."""

from collections.abc import Iterator
from typing import Any

from shared.clients.base import ServiceClient
from shared.contracts.allocation.runs import (
    BalanceAnswer,
    FlowAnswer,
    ReconciliationAnswer,
    RunAnswer,
    RunRequest,
    TraceAnswer,
    UnallocatedAnswer,
)
from shared.contracts.jobs import Accepted, JobAnswer
from shared.errors import Conflict

WAIT_SECONDS = 60


class RunCalls(ServiceClient):
    """What other services and the command line ask of runs."""

    def run(self, request: RunRequest) -> RunAnswer:
        """Ask for a run and wait until it is done; Conflict with its problem when it failed."""
        accepted = self.post("/v1/runs", request, Accepted)
        job = accepted.job
        while job.finished_at is None:
            path = f"/v1/jobs/{job.id}"
            content = self.request(
                "GET", path, query={"wait": WAIT_SECONDS}, timeout_seconds=WAIT_SECONDS + 30
            ).content
            job = JobAnswer.model_validate_json(content)
        run = self.get_run(str(accepted.id))
        if run.status != "succeeded":
            problem = run.problem or {}
            detail = str(problem.get("detail", f"the run {run.status}"))
            raise Conflict(detail, code=str(problem.get("code", f"run_{run.status}")))
        return run

    def get_run(self, run_id: str) -> RunAnswer:
        """One run."""
        return self.get(f"/v1/runs/{run_id}", RunAnswer)

    def find_published(self, period: str, scenario: str = "actual") -> RunAnswer | None:
        """The run that speaks for a period, None when there is none."""
        query = {"period": period, "scenario": scenario, "published": "true"}
        for item in self.walk("/v1/runs", **query):
            return RunAnswer.model_validate(item)
        return None

    def publish_run(self, run_id: str) -> RunAnswer:
        """Let a run speak for its period."""
        return self.post(f"/v1/runs/{run_id}/publish", {}, RunAnswer, repeatable=True)

    def walk_balances(self, run_id: str, **query: Any) -> Iterator[BalanceAnswer]:
        """Every balance, filtered as the list is."""
        for item in self.walk(f"/v1/runs/{run_id}/balances", **query):
            yield BalanceAnswer.model_validate(item)

    def walk_flows(self, run_id: str, **query: Any) -> Iterator[FlowAnswer]:
        """Every flow, filtered as the list is."""
        for item in self.walk(f"/v1/runs/{run_id}/flows", **query):
            yield FlowAnswer.model_validate(item)

    def walk_unallocated(self, run_id: str, **query: Any) -> Iterator[UnallocatedAnswer]:
        """Everything that could not move."""
        for item in self.walk(f"/v1/runs/{run_id}/unallocated", **query):
            yield UnallocatedAnswer.model_validate(item)

    def trace(self, run_id: str, layer: str, code: str, **query: Any) -> TraceAnswer:
        """Where an object's amount comes from, or where it goes."""
        path = f"/v1/runs/{run_id}/trace"
        return self.get(path, TraceAnswer, layer=layer, code=code, **query)

    def trace_line(self, run_id: str, line_id: str, **query: Any) -> TraceAnswer:
        """Where one line's money went."""
        return self.get(f"/v1/runs/{run_id}/cost-lines/{line_id}/trace", TraceAnswer, **query)

    def get_reconciliation(self, run_id: str, **query: Any) -> ReconciliationAnswer:
        """From the totals of the imports to the consumers."""
        return self.get(f"/v1/runs/{run_id}/reconciliation", ReconciliationAnswer, **query)
