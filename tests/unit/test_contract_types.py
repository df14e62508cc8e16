"""What the documents say a field's type is, requests are held to: nothing is read as another."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import shared.contracts
from shared.openapi.limits import names_in_requests

SNAPSHOTS = Path(__file__).parents[1] / "contract" / "snapshots"
OF_OTHER_TYPES = {"integer": 0, "number": 1.5, "boolean": True, "string": "true"}
ALSO_TAKEN = {("number", "integer")}
"""A field of the first type takes the second."""


def models() -> list[type[BaseModel]]:
    """Everything that a request of any service is made of."""
    for module in pkgutil.walk_packages(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    documents = [json.loads(path.read_text()) for path in SNAPSHOTS.glob("*.json")]
    asked = set().union(*(names_in_requests(document) for document in documents))
    found, new = set(), [BaseModel]
    while new:
        below = [model for each in new for model in each.__subclasses__()]
        new = [model for model in below if model not in found]
        found |= set(new)
    ours = [model for model in found if model.__module__.startswith("shared.contracts.")]
    return sorted((model for model in ours if model.__name__ in asked), key=str)


def types_of(adapter: TypeAdapter[Any]) -> set[str]:
    """The JSON types that the field's schema names; none where it refers to another schema."""
    schema = adapter.json_schema()
    variants = schema.get("anyOf", [schema])
    if any("type" not in variant for variant in variants):
        return set()
    return {variant["type"] for variant in variants}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_value_of_another_type_is_refused(model: type[BaseModel]) -> None:
    taken = []
    for name, field in model.model_fields.items():
        kind = (
            Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        )
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        stated = types_of(adapter)
        for other, value in OF_OTHER_TYPES.items():
            if not stated or other in stated or any((each, other) in ALSO_TAKEN for each in stated):
                continue
            try:
                taken.append((name, value, adapter.validate_python(value)))
            except ValidationError:
                continue
    assert taken == []
