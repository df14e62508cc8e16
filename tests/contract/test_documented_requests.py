"""What the documents show as an example is what the services take."""

import pytest

from tests.contract.documented_requests import Json, place_of
from tests.running import SERVICES, LiveServices

ORDER = ("POST", "PUT", "PATCH", "GET", "DELETE")
STATE = {404, 409, 412}
"""What may be said of the present state; everything else would be said of the example."""
OF_OUTSIDE = {
    "test_source": {"host_not_allowed"},  # the example's host is on no list here
    "retry_import_rejects": {"not_rejected"},  # rows are mended by their numbers
    "retry_import_rejects_by_file": {"not_a_rejects_file"},
}


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_every_documented_example_is_taken_or_refused_for_the_state_alone(
    company: LiveServices, service: str
) -> None:
    place = place_of(company, service)
    operations = [(method.upper(), path) for path, here in place.paths.items() for method in here]
    operations.sort(key=lambda each: (ORDER.index(each[0]), each[1].count("{")))
    taken, wrong = 0, []
    for method, template in operations:
        wanted = place.wanted(method, template)
        if wanted is None:
            continue
        status, answer = place.send(method, template.format(**wanted.path), wanted)
        excused = OF_OUTSIDE.get(place.paths[template][method.lower()]["operationId"], set())
        refusals = [each for each in _refusals(status, answer) if each["code"] not in excused]
        taken += status < 300 and not refusals
        wrong += [(method, template, each) for each in refusals if each["status"] not in STATE]
    assert wrong == []
    assert taken > 0.8 * len(operations), (taken, len(operations))


def _refusals(status: int, answer: Json) -> list[Json]:
    """The problem, or those of the items of a bulk."""
    if status >= 400:
        return [answer]
    results = answer.get("results") if isinstance(answer, dict) else None
    return [each["error"] for each in results or () if each.get("error")]
