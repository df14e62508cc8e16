"""The shipped taxonomies and crosswalks, read from the data files beside this module."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from shared.errors import NotFound

LAYERS = ("pool", "resource", "solution", "consumer")
_DATA = files(__package__ or "services.allocation.taxonomies") / "data"


@dataclass(frozen=True)
class StandardObject:
    """One object of a standard: never renamed, moved or deleted by a company, only tagged."""

    layer: str
    code: str
    parent: str | None
    names: dict[str, str]
    descriptions: dict[str, str]
    attributes: dict[str, str]


@dataclass(frozen=True)
class Taxonomy:
    """A standard in one version; parents stand before their children."""

    name: str
    version: str
    published_on: str
    names: dict[str, str]
    source: dict[str, str]
    objects: tuple[StandardObject, ...]

    def count_by_layer(self) -> dict[str, int]:
        """How many objects each layer has; layers that the standard does not fill are left out."""
        counts = {layer: sum(1 for o in self.objects if o.layer == layer) for layer in LAYERS}
        return {layer: count for layer, count in counts.items() if count}


@dataclass(frozen=True)
class CrosswalkStep:
    """Where an object of one standard went in another.

    `change` is same, renamed, moved, merged (several into one), split (one into several; then
    no single target may be chosen without looking at the money) or new (no target: the other
    standard has nothing like it).
    """

    layer: str
    source: str
    targets: tuple[str, ...]
    change: str


@cache
def taxonomy_names() -> tuple[str, ...]:
    """The names of all shipped taxonomies, in order."""
    found = (entry.name for entry in _DATA.iterdir())
    return tuple(
        sorted(
            name.removesuffix(".json")
            for name in found
            if name.endswith(".json") and not name.startswith("crosswalk_")
        )
    )


@cache
def read_taxonomy(name: str) -> Taxonomy:
    """One shipped taxonomy by its name; NotFound when we ship none of that name."""
    if name not in taxonomy_names():
        raise NotFound(f"no taxonomy named {name} is shipped", code="unknown_taxonomy")
    content = _read_json(f"{name}.json")
    return Taxonomy(
        name=content["name"],
        version=content["version"],
        published_on=content["published_on"],
        names=content["names"],
        source=content["source"],
        objects=tuple(StandardObject(**entry) for entry in content["objects"]),
    )


@cache
def _shipped_by_code(name: str) -> dict[tuple[str, str], StandardObject]:
    return {(entry.layer, entry.code): entry for entry in read_taxonomy(name).objects}


def find_shipped(name: str, layer: str, code: str) -> StandardObject | None:
    """An object as it is shipped; None when this version does not ship it (any more)."""
    return _shipped_by_code(name).get((layer, code)) if name in taxonomy_names() else None


def crosswalk_names() -> list[tuple[str, str]]:
    """The crosswalks as pairs (from, to), in order; each is shipped one way and walked both."""
    shipped = _shipped_crosswalks()
    return sorted(shipped | {(target, source) for source, target in shipped})


@cache
def _shipped_crosswalks() -> frozenset[tuple[str, str]]:
    found = (entry.name for entry in _DATA.iterdir() if entry.name.startswith("crosswalk_"))
    pairs = (name.removeprefix("crosswalk_").removesuffix(".json").split("_to_") for name in found)
    return frozenset((source, target) for source, target in pairs)


@cache
def read_crosswalk(source: str, target: str) -> Sequence[CrosswalkStep]:
    """Every step from one taxonomy to another; NotFound when we ship no such crosswalk."""
    if (source, target) not in crosswalk_names():
        raise NotFound(
            f"no crosswalk from {source} to {target} is shipped", code="unknown_crosswalk"
        )
    if (source, target) not in _shipped_crosswalks():
        return tuple(_turned_round(source, read_crosswalk(target, source)))
    content = _read_json(f"crosswalk_{source}_to_{target}.json")
    return tuple(
        CrosswalkStep(step["layer"], step["from"], tuple(step["to"]), step["change"])
        for step in content["steps"]
    )


def _turned_round(source: str, steps: Sequence[CrosswalkStep]) -> Iterator[CrosswalkStep]:
    """Where the objects of a standard came from, for the layers that the steps reach."""
    layers = {step.layer for step in steps}
    for entry in read_taxonomy(source).objects:
        if entry.layer in layers:
            came = [s for s in steps if s.layer == entry.layer and entry.code in s.targets]
            origins = tuple(step.source for step in came)
            yield CrosswalkStep(entry.layer, entry.code, origins, _change_back(came))


def _change_back(came: Sequence[CrosswalkStep]) -> str:
    if not came:
        return "new"
    if len(came) > 1:
        return "split"
    return "merged" if came[0].change == "split" else came[0].change


def _read_json(file_name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / file_name).read_text(encoding="utf-8"))
    return content
