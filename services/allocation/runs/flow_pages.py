"""Pages and whole lists of flows, in their own order or by amount."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from services.allocation.engine.model import Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.tracing.pairs import largest
from services.allocation.runs.flows import FlowBlock, FlowFilter, FlowPlace, FlowRow, flow_blocks
from shared.http.pages_in_memory import bound_mark, refuse_sort
from shared.pagination import PageQuery, decode_cursor, encode_cursor

STRETCH = 1_000


@dataclass(frozen=True)
class WantedFlows:
    """Which flows of a run are asked for; `sort` is nothing, `amount` or `-amount`."""

    result: RunResult
    measure: int
    wanted: FlowFilter
    sort: str | None

    def __post_init__(self) -> None:
        for part in self.sort.split(",") if self.sort else []:
            if part.strip().removeprefix("-") != "amount":
                raise refuse_sort(part.strip().removeprefix("-"), ["amount"])

    @property
    def falls(self) -> bool:
        """Whether the largest amount comes first."""
        return (self.sort or "").strip().startswith("-")

    def blocks(self, begin: FlowPlace | None = None) -> Iterator[FlowBlock]:
        """The flows in their own order from a place on."""
        return flow_blocks(self.result, self.measure, self.wanted, begin)


def page_of_flows(
    asked: WantedFlows, page: PageQuery, bound_to: Mapping[str, object]
) -> tuple[list[FlowRow], str | None]:
    """A page of flows and the cursor of the next one; Unreadable `bad_cursor` for a foreign one."""
    bound = bound_mark(bound_to)
    begin = decode_cursor(page.cursor, bound) if page.cursor is not None else []
    rows, following = stretch_of_flows(asked, list(map(int, begin)), page.limit)
    return rows, None if following is None else encode_cursor(following, bound)


def stretch_of_flows(
    asked: WantedFlows, begin: Sequence[int], limit: int
) -> tuple[list[FlowRow], Sequence[int] | None]:
    """So many flows from a place on, and the place that follows, None at the end.

    A place is a rank where flows are sorted by amount, else stage, source and flow of the source;
    nothing is the beginning.
    """
    if asked.sort:
        start = begin[0] if begin else 0
        rows, is_more = _by_amount(asked, start, limit)
        return rows, [start + limit] if is_more else None
    place = FlowPlace(*begin)
    found: list[FlowRow] = []
    for block in asked.blocks(place):
        start = block.index_of(place)
        stop = min(start + limit - len(found), len(block))
        found += block.rows(range(start, stop))
        if stop < len(block):
            return found, astuple(block.place_of(stop))
    return found, None


def all_flows(asked: WantedFlows) -> Iterator[FlowRow]:
    """Every flow; by their amounts they are put in order first."""
    if not asked.sort:
        for block in asked.blocks():
            yield from block.rows(range(len(block)))
        return
    blocks, sizes = _amounts(asked)
    order = np.argsort(-sizes, kind="stable")
    for start in range(0, len(order), STRETCH):
        yield from _rows_at(blocks, order[start : start + STRETCH])


def _by_amount(asked: WantedFlows, start: int, limit: int) -> tuple[list[FlowRow], bool]:
    """The flows from one rank to another, and whether there are more."""
    blocks, sizes = _amounts(asked)
    first = largest(sizes, min(start + limit, len(sizes))) if len(sizes) else np.empty(0, np.int64)
    ordered = first[np.argsort(-sizes[first], kind="stable")]
    return _rows_at(blocks, ordered[start : start + limit]), start + limit < len(sizes)


def _amounts(asked: WantedFlows) -> tuple[list[FlowBlock], Int64s]:
    """All blocks, and what each flow is ranked by: the larger, the earlier."""
    blocks = list(asked.blocks())
    units = np.concatenate([np.empty(0, dtype=np.int64), *(block.units for block in blocks)])
    return blocks, units if asked.falls else -units


def _rows_at(blocks: Sequence[FlowBlock], places: Int64s) -> list[FlowRow]:
    """The flows at places in all blocks, one block after the other."""
    ends = np.cumsum([len(block) for block in blocks])
    found = []
    for place in places.tolist():
        at = int(np.searchsorted(ends, place, side="right"))
        found += blocks[at].rows([place - int(ends[at]) + len(blocks[at])])
    return found
