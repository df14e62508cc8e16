"""The one thing that a query names: observations and KPIs are linked to it."""

from typing import Annotated

from fastapi import Depends, Query

from shared.contracts.valuation.kpis import Layer
from shared.contracts.values import Code
from shared.errors import RuleBroken

LAYERS = ("pool", "resource", "solution", "consumer")
KINDS = (*LAYERS, "initiative", "value_chain_stage")
ShortQuery = Annotated[str | None, Query(max_length=200)]
WRITTEN = Query(
    max_length=220,
    description="`consumer:SALES`, `solution:CRM`, `initiative:crm`, `value_chain_stage:design`",
)
AskedLink = dict[str, str] | None


def _asked_link(
    link: Annotated[str | None, WRITTEN] = None,
    layer: Annotated[Layer | None, Query(description="With `link_code`")] = None,
    link_layer: Annotated[Layer | None, Query(description="The same as `layer`")] = None,
    link_code: Annotated[Code | None, Query(description="With `layer`")] = None,
    initiative: ShortQuery = None,
    value_chain_stage: ShortQuery = None,
) -> AskedLink:
    if layer is not None and link_layer not in (None, layer):
        raise _bad_link("layer and link_layer are the same")
    return asked_link(layer or link_layer, link_code, initiative, value_chain_stage, link)


def asked_link(
    layer: str | None,
    code: str | None,
    initiative: str | None,
    stage: str | None,
    written: str | None = None,
) -> AskedLink:
    """The one link that a query names; more than one, or half of one, is refused."""
    if (layer is None) != (code is None):
        raise _bad_link("layer and link_code belong together")
    asked = []
    if layer is not None and code is not None:
        asked.append({"layer": layer, "code": code})
    if initiative is not None:
        asked.append({"initiative": initiative})
    if stage is not None:
        asked.append({"value_chain_stage": stage})
    if written is not None:
        asked.append(_read_link(written))
    if len(asked) > 1:
        raise _bad_link("ask for one link at a time")
    return asked[0] if asked else None


def _read_link(written: str) -> dict[str, str]:
    kind, _, code = written.partition(":")
    if kind not in KINDS or not code.strip():
        raise _bad_link(f"a link is written as kind:code, of {', '.join(KINDS)}")
    return {"layer": kind, "code": code.strip()} if kind in LAYERS else {kind: code.strip()}


def _bad_link(message: str) -> RuleBroken:
    return RuleBroken.at("query:/link_code", "bad_link", message)


LinkDep = Annotated[AskedLink, Depends(_asked_link)]
"""The link that `link=kind:code`, or `layer` and `link_code`, `initiative` ... name."""
