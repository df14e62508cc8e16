"""What a caller that is bound to consumers may see of the model."""

from collections.abc import Sequence

from shared.auth import Caller, refuse_bound


def subtrees_seen(caller: Caller, layer: str) -> Sequence[str] | None:
    """The consumers to whose subtrees the caller is bound; None when it may see the whole layer.

    Forbidden `caller_is_bound` for a bound caller in the layers that all consumers share.
    """
    if layer != "consumer":
        refuse_bound(caller)
    return caller.consumers
