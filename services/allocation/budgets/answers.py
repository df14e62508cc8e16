"""Budgets and their alerts as callers see them."""

from collections.abc import Mapping

from services.allocation.budgets.domain import share_of_budget
from shared.contracts.allocation.budgets import BudgetAlertAnswer, BudgetAnswer
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.tables.allocation.planning import Budget, BudgetAlert

BUDGET_COLUMNS = (
    "layer",
    "object",
    "period",
    "currency",
    "cost_type",
    "amount",
    "thresholds",
    "note",
    "updated_at",
    "id",
)
ALERT_COLUMNS = tuple(name for name in BudgetAlertAnswer.model_fields if name != "etag")


def budget_answer(row: Budget) -> BudgetAnswer:
    """A budget."""
    return BudgetAnswer(
        **row.model_dump(exclude={"version", "created_at"}), etag=etag_of(row.id, row.version)
    )


def alert_answer(row: BudgetAlert, names: Mapping[str, str], language: str) -> BudgetAlertAnswer:
    """An alert with the name of its object."""
    fields = row.model_dump(exclude={"version", "budget_id", "run_id"})
    return BudgetAlertAnswer(
        **fields,
        budget=row.budget_id,
        run=row.run_id,
        name=name_in(names, language) or row.object,
        share=share_of_budget(row.amount, row.budget_amount),
        etag=etag_of(row.id, row.version),
    )
