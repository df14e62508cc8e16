"""A run with its figures, and which part of it the caller may see."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.allocation.engine.result import RunResult
from services.allocation.runs import repository
from services.allocation.runs.figures import subtree_numbers
from services.allocation.runs.loaded import loaded_runs
from shared.auth import CallerDep
from shared.contracts.allocation.runs import Measure
from shared.database import SessionDep
from shared.errors import FieldError, NotFound, RuleBroken
from shared.http.language import LanguageDep
from shared.tables.allocation.runs import AllocationRun


@dataclass(frozen=True)
class SeenRun:
    """A finished run as one caller sees it.

    `own` holds the numbers of the consumers that a bound caller may see; None is no restriction.
    """

    run: AllocationRun
    result: RunResult
    measure: int
    language: str
    own: frozenset[int] | None

    @property
    def precision(self) -> int:
        """Decimals of the measure's units."""
        return self.result.precision[self.result.measures[self.measure]]

    def number(self, layer: str, code: str) -> int:
        """The object of a layer by its code; NotFound when the run or the caller has none."""
        found = self.result.numbering.number(layer, code)
        if found is None or (self.own is not None and found not in self.own):
            raise NotFound(f"{layer} {code} is not in this run")
        return found


def measure_place(run: AllocationRun, measure: str) -> int:
    """Which of the run's measures this is; RuleBroken when it was not asked for."""
    if measure not in run.measures:
        message = f"the run has {', '.join(run.measures)} only"
        errors = [FieldError("query:/measure", "measure_not_in_run", message)]
        raise RuleBroken(message, code="measure_not_in_run", errors=errors)
    return run.measures.index(measure)


def _seen_run(
    run_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    measure: Annotated[Measure, Query(description="Which measure of the run")] = "cost",
) -> SeenRun:
    run = repository.get_run(session, run_id)
    place = measure_place(run, measure)
    result = loaded_runs.get(session, run)
    own = None
    if caller.consumers is not None:
        own = subtree_numbers(result, "consumer", caller.consumers)
    return SeenRun(run, result, place, language, own)


SeenRunDep = Annotated[SeenRun, Depends(_seen_run)]
