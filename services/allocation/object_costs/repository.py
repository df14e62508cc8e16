"""The SQL of objects' costs: the balances of many runs, each object with all below it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, bindparam, text
from sqlmodel import Session

# Run by run: an object stands in a run below the parent that it had then, and one run's objects
# fit into memory where those of all runs do not.
SUBTREES = (
    "select asked.run_id, summed.* from unnest(:runs) asked (run_id), lateral ("
    " with recursive held as materialized ("
    " select code, parent, precision, own, received from run_balance"
    " where run_id = asked.run_id and measure = :measure and layer = :layer),{seen}"
    " below as ("
    " select code as root, code, precision, own, received from held"
    " where code = any(:codes){only_seen}"
    " union all select b.root, h.code, h.precision, h.own, h.received"
    " from below b join held h on h.parent = b.code)"
    " select root, max(precision), sum(own), sum(received) from below group by root) summed"
)
SEEN = (
    " seen as ("
    " select code from held where code = any(:within)"
    " union select h.code from seen s join held h on h.parent = s.code),"
)
OF_ALL = text(SUBTREES.format(seen="", only_seen="")).bindparams(
    bindparam("runs", type_=ARRAY(Uuid)), bindparam("codes", type_=ARRAY(String))
)
OF_SEEN = text(
    SUBTREES.format(seen=SEEN, only_seen=" and code in (select code from seen)")
).bindparams(
    bindparam("runs", type_=ARRAY(Uuid)),
    bindparam("codes", type_=ARRAY(String)),
    bindparam("within", type_=ARRAY(String)),
)


def subtree_balances(
    session: Session,
    runs: Sequence[UUID],
    measure: str,
    layer: str,
    codes: Sequence[str],
    within: Sequence[str] | None,
) -> dict[tuple[UUID, str], tuple[int, int, int]]:
    """(run, code) to (decimals, own, received) in units, each object with all below it.

    With `within`, only objects in the subtrees of these; what a run does not know is left out.
    """
    bound: dict[str, Any] = {
        "runs": list(runs),
        "measure": measure,
        "layer": layer,
        "codes": list(codes),
    }
    statement = OF_ALL
    if within is not None:
        statement, bound["within"] = OF_SEEN, list(within)
    return {
        (run, root): (int(precision), int(own), int(received))
        for run, root, precision, own, received in session.execute(statement, bound)
    }
