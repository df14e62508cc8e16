"""What a caller that is bound to consumers may see of the model."""

from collections.abc import Sequence

from shared.auth import Caller


def subtrees_seen(caller: Caller, layer: str) -> Sequence[str] | None:
    """The consumers to whose subtrees the caller is bound; None when it may see the whole layer."""
    return caller.consumers if layer == "consumer" else None
