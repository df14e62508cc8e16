"""An amount before and after a change, as simulations and the impact of a draft tell it."""

from shared.contracts.values import Contract, ExactText


class ChangedAmount(Contract):
    """after - before = delta, exactly."""

    before: ExactText
    after: ExactText
    delta: ExactText


class ChangedTotals(Contract):
    """One measure of the whole run: input = consumers + retained + unallocated (+ residual)."""

    input: ChangedAmount
    consumers: ChangedAmount
    retained: ChangedAmount
    unallocated: ChangedAmount
