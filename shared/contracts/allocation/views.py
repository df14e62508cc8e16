"""The three views and the flow on the wire: what the figures of published runs look like."""

from uuid import UUID

from pydantic import Field

from shared.contracts.values import Contract, ExactText


class TrendPoint(Contract):
    """The amount of one period."""

    period: str
    amount: ExactText


class Benchmark(Contract):
    """What others pay per unit; `gap` is (unit cost - median) / median."""

    p25: ExactText
    median: ExactText
    p75: ExactText
    gap: ExactText | None


class ViewItem(Contract):
    """One line of a view. `share` is of the view's total, null where the total is 0.

    `budget` and `variance` (amount - budget) are null where there is no budget.
    """

    key: str = Field(description="Tells the lines of a view apart")
    code: str | None
    name: str
    amount: ExactText
    share: ExactText | None
    budget: ExactText | None
    variance: ExactText | None
    trend: list[TrendPoint]


class FinanceItem(ViewItem):
    """What was bought: a cost pool in one cost type."""

    cost_type: str | None


class TechnologyItem(ViewItem):
    """What it runs on: a tower or asset with its use. Figures without a driver are null."""

    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None
    capacity: ExactText | None
    utilisation: ExactText | None
    benchmark: Benchmark | None


class ConsumerShare(Contract):
    """A consumer's part of a solution."""

    code: str
    name: str
    amount: ExactText


class SolutionItem(ViewItem):
    """What it is for: a solution, its total cost (`tco`) and who consumes it."""

    tco: ExactText
    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None
    consumers: list[ConsumerShare]


class SolutionShare(Contract):
    """What a consumer gets of one solution (or, with `layer`, directly of a pool or resource)."""

    layer: str
    code: str
    name: str
    amount: ExactText


class ConsumerItem(ViewItem):
    """Who consumes: a consumer and what makes up its bill."""

    solutions: list[SolutionShare]
    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None


class View(Contract):
    """What all views say of themselves; `runs` are the runs behind the figures, by period."""

    measure: str
    currency: str | None
    periods: list[str]
    runs: list[UUID]
    total: ExactText
    unallocated: ExactText
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
    """A node of the picture of the flow."""

    id: str = Field(description="`layer:code`")
    layer: str
    code: str | None
    name: str
    amount: ExactText


class FlowLink(Contract):
    """Money (or energy, carbon) from one node to another."""

    source: str
    target: str
    amount: ExactText


class FlowView(Contract):
    """Nodes and links for a Sankey; what stays on an object flows to `unallocated`."""

    measure: str
    currency: str | None
    periods: list[str]
    runs: list[UUID]
    nodes: list[FlowNode]
    links: list[FlowLink]
