"""What uses a cost object, so that it cannot be deleted."""

from sqlmodel import Session

from services.allocation.cost_objects import repository
from services.allocation.disputes.correction_repository import is_in_corrections
from services.allocation.mappings.domain import named_codes
from services.allocation.mappings.repository import mappings_not_retired
from shared.errors import Conflict
from shared.tables.allocation.model import CostObject


def check_unused(session: Session, row: CostObject) -> None:
    """Conflict `standard_object` for standards, `object_in_use` for what something points to."""
    if row.standard is not None:
        raise Conflict(
            f"{row.code} belongs to {row.standard}; give it a valid_to instead",
            code="standard_object",
        )
    users = list(_users(session, row))
    if users:
        raise Conflict(
            f"{row.code} is used by {', '.join(users)}; give it a valid_to instead",
            code="object_in_use",
        )


def _users(session: Session, row: CostObject) -> list[str]:
    users = ["objects below it"] if repository.has_children(session, row) else []
    wanted = (row.layer, row.code)
    for spec in mappings_not_retired(session):
        if wanted in {(named.layer, named.code) for named in named_codes(spec)}:
            users.append(f"the mapping {spec.code}")
            break
    if repository.is_in_runs(session, row):
        users.append("runs")
    if repository.has_quantities(session, row):
        users.append("driver quantities")
    if row.layer == "consumer" and is_in_corrections(session, row.code):
        users.append("corrections of bills")
    return users
