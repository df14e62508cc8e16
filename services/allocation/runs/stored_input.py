"""The head of a finished run's input: what a replay takes from the run that it repeats."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.allocation.emission_factors.domain import Emission, Factor
from services.allocation.engine.model import ObjectSpec, OwnAmount
from services.allocation.runs import input_repository
from shared.money import plain

EMISSIONS = "input.emissions"


@dataclass(frozen=True)
class StoredHead:
    """The tree, the own amounts, the drivers' bases and the emissions of a run's input."""

    measures: Sequence[str]
    emission_basis: str
    objects: Sequence[ObjectSpec]
    own_amounts: Sequence[OwnAmount]
    bases: Mapping[str, str]
    emissions: Sequence[Emission]


def read_head(session: Session, run_id: UUID) -> StoredHead:
    """The head of a finished run's input, as it was stored with the run."""
    head = input_repository.read_head_document(session, run_id)
    return StoredHead(
        measures=head["measures"],
        emission_basis=head.get("emission_basis", "location"),
        objects=[ObjectSpec(**one) for one in head["objects"]],
        own_amounts=[
            OwnAmount(**{**one, "amount": Decimal(one["amount"])}) for one in head["own_amounts"]
        ],
        bases={driver["code"]: driver["basis"] for driver in head["drivers"]},
        emissions=read_emissions(session, run_id),
    )


def read_emissions(session: Session, run_id: UUID) -> list[Emission]:
    """How a run's operational carbon came about; nothing when it was not asked for."""
    content = input_repository.read_chunk(session, run_id, EMISSIONS)
    return [] if content is None else [_emission(row) for row in json.loads(content)]


def _emission(row: Mapping[str, Any]) -> Emission:
    factors = [
        Factor(**{**factor, "kg_per_kwh": Decimal(factor["kg_per_kwh"])})
        for factor in row["factors"]
    ]
    return Emission(row["resource"], row["region"], Decimal(row["kwh"]), factors)


def emission_rows(emissions: Sequence[Emission]) -> list[dict[str, object]]:
    """Emissions as they are stored."""
    return [
        {
            "resource": one.resource,
            "region": one.region,
            "kwh": plain(one.kwh),
            "factors": [
                {**vars(factor), "kg_per_kwh": plain(factor.kg_per_kwh)} for factor in one.factors
            ],
        }
        for one in emissions
    ]
