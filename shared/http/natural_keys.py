"""What a resource is known by stays as it is."""

from collections.abc import Sequence
from typing import Any

from shared.errors import FieldError, RuleBroken


def check_key_stays(row: Any, request: Any, fields: Sequence[str]) -> None:
    """RuleBroken `key_fixed` when a request would change what the row is known by."""
    for name in fields:
        if getattr(request, name) != getattr(row, name):
            message = f"the {name} stays {getattr(row, name)}"
            errors = [FieldError(f"/{name}", "key_fixed", message)]
            raise RuleBroken(message, code="key_fixed", errors=errors)
