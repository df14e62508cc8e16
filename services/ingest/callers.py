"""Callers who are bound to consumers see only their own bills, and those are in allocation."""

from fastapi import Depends

from shared.auth import CallerDep
from shared.errors import Forbidden


async def refuse_bound_callers(caller: CallerDep) -> None:
    """403 for a caller bound to consumers: raw costs of all units lie here."""
    if caller.consumers is not None:
        raise Forbidden("this key sees only its own consumers' bills", code="bound_caller")


UNBOUND = Depends(refuse_bound_callers)
