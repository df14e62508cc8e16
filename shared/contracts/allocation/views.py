"""The three views and the flow on the wire: what the figures of published runs look like."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.allocation.runs import RunTotals
from shared.contracts.values import Contract, ExactText


class TrendPoint(Contract):
    """The amount of one period."""

    period: str
    amount: ExactText


class BenchmarkGap(Contract):
    """What others pay per unit; `gap` is (unit cost - median) / median."""

    p25: ExactText
    median: ExactText
    p75: ExactText
    gap: ExactText | None
    source: str | None = None
    as_of: date | None = None


class ViewItem(Contract):
    """One line of a view. `share` is of the view's total, null where the total is 0.

    `budget`, `variance` (amount - budget) and `variance_share` (variance / budget) are null where
    there is no budget. `trend` has the months of the view, or a single one with those before it.
    """

    key: str = Field(description="Tells the lines of a view apart")
    code: str | None
    name: str
    amount: ExactText
    share: ExactText | None
    budget: ExactText | None
    variance: ExactText | None
    variance_share: ExactText | None
    trend: list[TrendPoint]


class FinanceItem(ViewItem):
    """What was bought: a cost pool in one cost type."""

    cost_type: str | None


class UsedItem(ViewItem):
    """A line with its use. Figures without a driver, or with several, are null.

    `unit_cost` is also null when a month that cost something has no quantity.
    """

    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None


class TechnologyItem(UsedItem):
    """What it runs on: a tower or asset. `retained` and `unallocated` are parts of the amount."""

    capacity: ExactText | None
    utilisation: ExactText | None
    benchmark: BenchmarkGap | None
    retained: ExactText
    unallocated: ExactText


class ConsumerShare(Contract):
    """A consumer's part of a solution."""

    code: str
    name: str
    amount: ExactText


class SolutionItem(UsedItem):
    """What it is for: a solution, its total cost (`tco`) and who consumes it, the largest first.

    tco = consumers + consumers_rest (those not listed) + retained + unallocated.
    """

    tco: ExactText
    benchmark: BenchmarkGap | None
    consumers: list[ConsumerShare]
    consumers_rest: ExactText
    retained: ExactText
    unallocated: ExactText


class SolutionShare(Contract):
    """What a consumer gets of one solution (or, with `layer`, directly of a pool or resource)."""

    layer: str
    code: str
    name: str
    amount: ExactText


class ConsumerItem(UsedItem):
    """Who consumes: a consumer and what makes up its bill, the largest first.

    amount = solutions + solutions_rest (those not listed) + own.
    """

    solutions: list[SolutionShare]
    solutions_rest: ExactText
    own: ExactText


class View(Contract):
    """What all views say of themselves; `runs` are the runs behind the figures, by period.

    `total` is the sum of all lines, on every page; `totals` are those of the runs themselves
    (null for a caller bound to consumers). `budget_source` says where budgets come from;
    `budgets_left_out` counts entries that no line can show: in other currencies, of objects that
    the run does not know, of objects above the view's lines.
    """

    measure: str
    scenario: str | None
    currency: str | None
    periods: list[str]
    runs: list[UUID]
    total: ExactText
    unallocated: ExactText
    budget: ExactText | None
    variance: ExactText | None
    budget_source: Literal["run", "entries", "mixed"] | None
    budgets_left_out: int
    totals: RunTotals | None
    next_cursor: str | None = None


class FinanceView(View):
    """Cost pools by cost type."""

    items: list[FinanceItem]


class TechnologyView(View):
    """Towers and assets."""

    items: list[TechnologyItem]


class SolutionsView(View):
    """Solutions."""

    items: list[SolutionItem]


class ConsumersView(View):
    """Consumers."""

    items: list[ConsumerItem]


class FlowNode(Contract):
    """A node of the picture of the flow; `count` objects are gathered in it."""

    id: str = Field(description="`layer:code`; `other:layer` is the rest of a layer")
    layer: str
    code: str | None
    name: str
    amount: ExactText
    count: int


class FlowLink(Contract):
    """Money (or energy, carbon) from one node to another."""

    source: str
    target: str
    amount: ExactText


class FlowView(Contract):
    """Nodes and links for a Sankey; what stays flows to `unallocated` and `retained`."""

    measure: str
    scenario: str | None
    currency: str | None
    periods: list[str]
    runs: list[UUID]
    nodes: list[FlowNode]
    links: list[FlowLink]
