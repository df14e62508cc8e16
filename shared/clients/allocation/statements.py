"""Calls to statements and disputes: what is billed, and what is complained about."""

from collections.abc import Iterator
from typing import Any

from shared.clients.base import ServiceClient
from shared.contracts.allocation.disputes import DisputeAnswer, DisputeStatistics
from shared.contracts.allocation.statements import (
    StatementAnswer,
    StatementsIssued,
    StatementsMade,
    StatementSummary,
    StatementTotals,
)


class StatementCalls(ServiceClient):
    """What other services and the command line ask of bills and of complaints about them."""

    def make_statements(self, period: str) -> StatementsMade:
        """One draft per consumer with a bill, from the published run; again changes nothing."""
        body = {"period": period}
        return self.post("/v1/statements", body, StatementsMade, repeatable=True)

    def issue_statements(self, period: str) -> StatementsIssued:
        """Make all drafts of a period final."""
        body = {"period": period}
        return self.post("/v1/statements/issue", body, StatementsIssued, repeatable=True)

    def walk_statements(self, **query: Any) -> Iterator[StatementSummary]:
        """Every statement, filtered as the list is (period, consumer, status, under)."""
        for item in self.walk("/v1/statements", **query):
            yield StatementSummary.model_validate(item)

    def get_statement(self, statement_id: str) -> StatementAnswer:
        """A statement with its lines."""
        return self.get(f"/v1/statements/{statement_id}", StatementAnswer)

    def get_totals(self, **query: Any) -> StatementTotals:
        """What statements add up to, per status and currency."""
        return self.get("/v1/statements/totals", StatementTotals, **query)

    def walk_disputes(self, **query: Any) -> Iterator[DisputeAnswer]:
        """Every dispute, filtered as the list is (status, period, consumer, statement)."""
        for item in self.walk("/v1/disputes", **query):
            yield DisputeAnswer.model_validate(item)

    def get_dispute_statistics(self, **query: Any) -> DisputeStatistics:
        """How many disputes there are, about what, and how they end."""
        return self.get("/v1/disputes/statistics", DisputeStatistics, **query)
