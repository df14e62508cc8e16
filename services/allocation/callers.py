"""What a caller that is bound to consumers may see of the model."""

from collections.abc import Sequence

from shared.auth import Caller
from shared.errors import Forbidden


def refuse_bound(caller: Caller) -> None:
    """Mappings, versions and changes of the model are not for callers bound to consumers."""
    if caller.consumers is not None:
        raise Forbidden("this caller is bound to consumers", code="caller_is_bound")


def subtrees_seen(caller: Caller, layer: str) -> Sequence[str] | None:
    """The consumers to whose subtrees the caller is bound; None when it may see the whole layer."""
    return caller.consumers if layer == "consumer" else None
