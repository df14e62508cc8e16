"""Reads an OData `$metadata` document: the keys and types of one entity set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from shared.clients.outside.problems import SourceAnsweredBadly
from shared.errors import RuleBroken


@dataclass(frozen=True)
class EntityType:
    """Key properties in their order, the EDM type of every property, the version (2 or 4)."""

    key: tuple[str, ...]
    types: Mapping[str, str]
    version: int = 2


@dataclass
class _Found:
    base: str | None = None
    key: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Gathers types and sets while the document streams by; names lose their namespace."""

    def __init__(self) -> None:
        self.types: dict[str, _Found] = {}
        self.sets: dict[str, str] = {}
        self.version = 2
        self._open: _Found | None = None

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """An element begins."""
        name = _local(tag, ":")
        if name == "Edmx":
            self.version = 4 if given.get("Version", "").startswith("4") else 2
        elif name in {"EntityType", "ComplexType"}:
            base = given.get("BaseType")
            self._open = _Found(base=_local(base, ".") if base else None)
            self.types[given.get("Name", "")] = self._open
        elif name == "EntitySet":
            self.sets[given.get("Name", "")] = _local(given.get("EntityType", ""), ".")
        elif self._open is not None and name == "PropertyRef":
            self._open.key.append(given.get("Name", ""))
        elif self._open is not None and name == "Property":
            self._open.types[given.get("Name", "")] = given.get("Type", "")

    def end(self, tag: str) -> None:
        """An element ends."""
        if _local(tag, ":") in {"EntityType", "ComplexType"}:
            self._open = None


def entity_type_of(document: bytes, entity_set: str) -> EntityType:
    """The type of an entity set. Codes: `unknown_entity_set`, `source_answered_badly`.

    A document type declaration is refused: with it go all the ways in which XML reaches for
    files and other hosts or grows without end. No OData service needs one.
    """
    found = _read(document)
    name = found.sets.get(entity_set)
    if name is None or name not in found.types:
        known = ", ".join(sorted(found.sets)[:20])
        raise RuleBroken(
            f"the service has no entity set {entity_set}; it has {known}", code="unknown_entity_set"
        )
    key: list[str] = []
    types: dict[str, str] = {}
    seen: set[str] = set()
    while name is not None and name in found.types and name not in seen:
        seen.add(name)
        one = found.types[name]
        key = one.key or key
        types = {**one.types, **types}
        name = one.base
    return EntityType(tuple(key), types, found.version)


def _read(document: bytes) -> _Reader:
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise SourceAnsweredBadly("$metadata is no whole XML document") from error
    return reader


def _refuse(*_: object) -> None:
    raise SourceAnsweredBadly("$metadata declares a document type, which is not read")


def _local(name: str, mark: str) -> str:
    return name.rpartition(mark)[2]
