"""Callers bound to consumers see nothing of the value side: its figures are the whole company's."""

from typing import Annotated, Any

from fastapi import Depends

from shared.auth import Caller, CallerDep
from shared.errors import Forbidden


async def _whole_company(caller: CallerDep) -> Caller:
    if caller.consumers is not None:
        raise Forbidden(
            "these figures are the whole company's; this key is bound to consumers",
            code="bound_to_consumers",
        )
    return caller


WHOLE_COMPANY: Any = Depends(_whole_company)
"""Dependency of routers whose figures no bound caller may see."""

WholeCompanyCaller = Annotated[Caller, WHOLE_COMPANY]
