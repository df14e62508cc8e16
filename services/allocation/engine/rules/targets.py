"""Where a mapping sends money: the forms of `target` and which key may stand in which stage."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.allocation.engine.model import STAGES, MappingSpec
from services.allocation.engine.rules.plain_decimal import read_plain_decimal
from services.allocation.engine.rules.selector_reader import escape_pointer, is_storable
from services.allocation.engine.rules.selectors import Selector, parse_selector
from shared.errors import FieldError, RuleBroken

LINE_FIELDS = frozenset(
    (
        "account",
        "amount",
        "asset",
        "cost_center",
        "cost_type",
        "currency",
        "description",
        "document",
        "external_id",
        "posted_on",
        "project",
        "source",
        "vendor",
    )
)
OBJECT_FIELDS = frozenset(
    (
        "code",
        "under",
        "parent",
        "standard",
        "owner",
        "unit_driver",
        "capacity_driver",
        "value_chain_stage",
    )
)
MAX_CODE = 200


@dataclass(frozen=True)
class ToObject:
    """`{"object": code}`: one object, by its code."""

    code: str


@dataclass(frozen=True)
class ToField:
    """`{"field": key, "aliases": {...}}`: the object that the line or source object names."""

    key: str
    aliases: Mapping[str, str]


@dataclass(frozen=True)
class OutOfScope:
    """`{"out_of_scope": true}`: not IT; counted and shown apart."""


@dataclass(frozen=True)
class Retain:
    """`{"retain": true}`: stays on the source as retained."""


@dataclass(frozen=True)
class Shares:
    """`{"shares": {code: per cent}}`: given shares that add up to 100."""

    shares: Mapping[str, Decimal]


@dataclass(frozen=True)
class Chosen:
    """A selector over the objects of the target layer."""

    selector: Selector


Target = ToObject | ToField | OutOfScope | Retain | Shares | Chosen
FORMS_OF_METHOD: dict[str, tuple[type, ...]] = {
    "direct": (ToObject, ToField, OutOfScope, Retain),
    "fixed": (Shares,),
    "even": (Chosen,),
    "driver": (Chosen,),
    "rate": (Chosen,),
    "capacity": (Chosen,),
}


def is_line_key(key: str) -> bool:
    """Whether the key names something of a cost line."""
    return key in LINE_FIELDS or key.startswith(("tags.", "fields."))


def is_object_key(key: str) -> bool:
    """Whether the key names something of a cost object."""
    return key in OBJECT_FIELDS or key.startswith(("tags.", "attributes."))


def is_source_key(stage: str, key: str) -> bool:
    """Whether a source selector or `target.field` of the stage can look at the key."""
    layer = STAGES[stage][0]
    if layer == "line":
        return is_line_key(key)
    if layer == "pool":
        of_pool = key in {"code", "under"} or key.startswith(("object.tags.", "object.attributes."))
        return of_pool or is_line_key(key)
    return is_object_key(key)


def line_keys(spec: MappingSpec) -> frozenset[str]:
    """The line fields that a mapping looks at; none for stages after the pool."""
    if STAGES[spec.stage][0] not in {"line", "pool"}:
        return frozenset()
    keys = set(parse_selector(spec.source).keys())
    target = parse_target(spec.target)
    if isinstance(target, ToField):
        keys.add(target.key)
    return frozenset(key for key in keys if is_line_key(key))


def parse_target(raw: object, *, pointer: str = "/target") -> Target:
    """Read a target from its JSON form; raises RuleBroken `bad_target` or `bad_selector`."""
    if not isinstance(raw, Mapping):
        raise _bad(pointer, "a target is an object")
    keys = frozenset(raw)
    if keys == {"object"}:
        return ToObject(_code(raw["object"], f"{pointer}/object"))
    if keys in ({"field"}, {"field", "aliases"}):
        return _to_field(raw, pointer)
    if keys in ({"out_of_scope"}, {"retain"}):
        if raw[next(iter(keys))] is not True:
            raise _bad(f"{pointer}/{next(iter(keys))}", "only true can stand here")
        return OutOfScope() if keys == {"out_of_scope"} else Retain()
    if keys == {"shares"}:
        return _shares(raw["shares"], f"{pointer}/shares")
    return Chosen(parse_selector(dict(raw), pointer=pointer))


def _to_field(raw: Mapping[str, object], pointer: str) -> ToField:
    key, aliases = raw["field"], raw.get("aliases", {})
    if not isinstance(key, str) or not key:
        raise _bad(f"{pointer}/field", "`field` is the key of a line field or tag")
    if not isinstance(aliases, Mapping):
        raise _bad(f"{pointer}/aliases", "`aliases` is an object of texts")
    read = {
        str(alias): _code(code, f"{pointer}/aliases/{escape_pointer(str(alias))}")
        for alias, code in aliases.items()
    }
    return ToField(key, read)


def _shares(raw: object, pointer: str) -> Shares:
    if not isinstance(raw, Mapping) or not raw:
        raise _bad(pointer, "`shares` is an object of at least one code and its per cent")
    shares: dict[str, Decimal] = {}
    for code, value in raw.items():
        share = read_plain_decimal(value) if isinstance(value, str) else value
        at = f"{pointer}/{escape_pointer(str(code))}"
        if not isinstance(share, Decimal) or not 0 < share <= 100 or share != round(share, 12):
            raise _bad(at, "a share is a text like `12.5`, above 0, at most 100 and 12 decimals")
        shares[_code(code, at)] = share
    if sum(shares.values()) != 100:
        raise _bad(pointer, "the shares must add up to exactly 100", "shares_not_100")
    return Shares(shares)


def _code(raw: object, pointer: str) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= MAX_CODE or not is_storable(raw):
        raise _bad(pointer, f"a code is a text of 1 to {MAX_CODE} characters")
    return unicodedata.normalize("NFC", raw)


def _bad(pointer: str, message: str, code: str = "bad_target") -> RuleBroken:
    return RuleBroken(message, code=code, errors=[FieldError(pointer, code, message)])
