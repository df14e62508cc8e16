"""Shipped taxonomies and crosswalks on the wire."""

from pydantic import Field

from shared.contracts.allocation.objects import Layer
from shared.contracts.values import Contract


class TaxonomyAnswer(Contract):
    """A shipped taxonomy and how much of it is loaded."""

    name: str = Field(description="The name in paths and codes", examples=["tbm-5.0.1"])
    version: str
    published_on: str
    names: dict[str, str]
    title: str = Field(description="The name in the caller's language")
    source: dict[str, str]
    objects: dict[Layer, int] = Field(description="How many objects it has per layer")
    loaded: dict[Layer, int] = Field(description="How many of them are loaded")


class StandardObjectAnswer(Contract):
    """One object of a taxonomy as it is shipped."""

    layer: Layer
    code: str
    parent: str | None
    names: dict[str, str]
    name: str
    descriptions: dict[str, str]
    attributes: dict[str, str]


class TaxonomyContent(TaxonomyAnswer):
    """A shipped taxonomy with all its objects."""

    content: list[StandardObjectAnswer]


class LoadCount(Contract):
    """What loading did in one layer."""

    created: int
    updated: int
    unchanged: int


class LoadAnswer(Contract):
    """What loading a taxonomy did."""

    name: str
    layers: dict[Layer, LoadCount]


class CrosswalkStepAnswer(Contract):
    """Where one object of a taxonomy went in another."""

    layer: Layer
    code: str
    name: str
    targets: list[str]
    target_names: list[str]
    change: str = Field(description="same, renamed, moved, merged, split, or new (no target)")
