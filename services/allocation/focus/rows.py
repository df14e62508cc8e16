"""The split-cost rows of a run, charge by charge, read and made while they are asked for."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlmodel import Session

from services.allocation.engine.result import RunResult
from services.allocation.focus import repository
from services.allocation.focus.domain import (
    RATIO_DECIMALS,
    Share,
    order_of_lines,
    shares_of_group,
    split_exactly,
)
from services.allocation.focus.origins import COSTS, DIMENSIONS, QUANTITIES, Origin, metrics_of
from services.allocation.runs.figures import name_of
from services.allocation.runs.line_index import LineIndex
from shared.database import new_session
from shared.money import from_units
from shared.tables.allocation.runs import AllocationRun

ALLOCATED = (
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
)
OURS = (
    "x_AllocatedRatio",
    "x_CostCenter",
    "x_CostType",
    "x_OriginCost",
    "x_OriginExternalId",
    "x_OriginId",
    "x_OriginSource",
    "x_Outcome",
    "x_OutcomeCode",
    "x_OutcomeLayer",
    "x_RunCost",
    "x_RunCurrency",
    "x_RunId",
)
COLUMNS = (*sorted([*COSTS, *QUANTITIES, *DIMENSIONS, "Tags", *ALLOCATED]), *OURS)
METRICS = frozenset((*COSTS, *QUANTITIES, "x_AllocatedRatio", "x_OriginCost", "x_RunCost"))
OWN_COLUMNS = frozenset(
    (
        *COSTS,
        *QUANTITIES,
        *(name for name in ALLOCATED if name != "AllocatedMethodId"),
        "x_AllocatedRatio",
        "x_Outcome",
        "x_OutcomeCode",
        "x_OutcomeLayer",
        "x_RunCost",
    )
)
"""What differs between the rows of one charge."""
QUANTITY_DECIMALS = 9
BATCH = 500
MOST_SHARES = 2_000_000

Row = dict[str, str | Decimal | None]


@dataclass(frozen=True)
class Charge:
    """The rows of one cost line: what they have in common, and what each has of its own."""

    common: Row
    parts: Sequence[Row]

    def rows(self) -> Iterator[Row]:
        """Its rows, the largest part first."""
        return ({**self.common, **part} for part in self.parts)


@dataclass
class SplitCosts:
    """All rows of a run in one order: charges of one segment together, largest part first."""

    run: AllocationRun
    result: RunResult
    index: LineIndex
    language: str

    @cached_property
    def places(self) -> list[int]:
        """The lines that are split."""
        return order_of_lines(self.result, self.index.amounts.groups)

    def rows(self) -> Iterator[Row]:
        """Every row."""
        return (row for charge in self.charges() for row in charge.rows())

    def charges(self, start: int = 0) -> Iterator[Charge]:
        """The charges from this one on."""
        shares = _SharesOfSegments(self.result)
        with new_session() as session:
            for first in range(start, len(self.places), BATCH):
                yield from self._read(session, self.places[first : first + BATCH], shares)

    def _read(
        self, session: Session, places: Sequence[int], shares: "_SharesOfSegments"
    ) -> Iterator[Charge]:
        ids = [self.index.id_at(place) for place in places]
        origins = repository.read_origins(session, ids)
        for place, line_id in zip(places, ids, strict=True):
            group = int(self.index.amounts.groups[place])
            units = int(self.index.amounts.units[place])
            yield self.split(origins[line_id], units, shares.of_group(group))

    def split(self, origin: Origin, units: int, shares: Sequence[Share]) -> Charge:
        """One charge: what is additive adds up to it, the rest is as it has it."""
        precision = self.result.precision["cost"]
        done: dict[tuple[Decimal, int], Sequence[Decimal]] = {}

        def parts_of(value: Decimal, decimals: int) -> Sequence[Decimal]:
            key = (value, decimals)
            if key not in done:
                done[key] = split_exactly(value, shares, decimals)
            return done[key]

        columns = {
            name: parts_of(value, precision if name in COSTS else QUANTITY_DECIMALS)
            for name, value in metrics_of(origin).items()
            if value is not None
        }
        columns["x_RunCost"] = parts_of(from_units(units, precision), precision)
        parts: list[Row] = [
            {
                **{name: values[number] for name, values in columns.items()},
                **self._outcome(origin, share),
            }
            for number, share in enumerate(shares)
        ]
        return Charge(self._common(origin), parts)

    def _common(self, origin: Origin) -> Row:
        return {
            **{name: read(origin) for name, read in DIMENSIONS.items()},
            "Tags": _as_json(origin.tags),
            "AllocatedMethodId": f"btim:model-version:{self.run.model_version_id}",
            "x_CostCenter": origin.cost_center,
            "x_CostType": origin.cost_type,
            "x_OriginCost": origin.amount,
            "x_OriginExternalId": origin.external_id,
            "x_OriginId": str(origin.id),
            "x_OriginSource": origin.source,
            "x_RunCurrency": self.result.currency,
            "x_RunId": str(self.run.id),
        }

    def _outcome(self, origin: Origin, share: Share) -> Row:
        """Where a part ended; what did not reach a consumer is the charge's unallocated part."""
        numbering = self.result.numbering
        code = numbering.code_of(share.number)
        ratio = f"{share.part:.{RATIO_DECIMALS}f}"
        found: Row = {
            "AllocatedMethodDetails": f'{{"Elements":[{{"AllocatedRatio":{ratio}}}]}}',
            "x_AllocatedRatio": share.part,
            "x_Outcome": share.outcome,
            "x_OutcomeCode": code,
            "x_OutcomeLayer": numbering.layer_of(share.number),
        }
        if share.outcome != "consumer":
            return found
        tags = numbering.objects[share.number].tags
        more = {key: value for key, value in tags.items() if key not in origin.tags}
        return found | {
            "AllocatedResourceId": code,
            "AllocatedResourceName": name_of(numbering, share.number, self.language),
            "AllocatedTags": _as_json(more) if more else None,
        }


class _SharesOfSegments:
    """The shares of the segments last asked for; a bounded number of them is kept."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._kept: OrderedDict[tuple[int, int], list[Share]] = OrderedDict()
        self._size = 0

    def of_group(self, group: int) -> list[Share]:
        """Where the lines of a group end; a group without segment is told apart by its pool."""
        segment = int(self._result.segments.of_group[group])
        key = (segment, int(self._result.classified.pool[group]))
        if key not in self._kept:
            self._kept[key] = shares_of_group(self._result, group)
            self._size += len(self._kept[key])
        self._kept.move_to_end(key)
        while self._size > MOST_SHARES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
        return self._kept[key]


def _as_json(tags: object) -> str:
    return json.dumps(tags, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
