"""What the documents show as an example is what the services take."""

import pytest

from shared.contracts.values import PERIOD_PATTERN
from tests.contract.documented_requests import Json, place_of
from tests.running import SERVICES, LiveServices

ORDER = ("POST", "PUT", "PATCH", "GET", "DELETE")
STATE = {404, 409, 412}
"""What may be said of the present state; everything else would be said of the example."""
OF_OUTSIDE = {
    "test_source": {"host_not_allowed"},  # the example's host is on no list here
    "retry_import_rejects": {"not_rejected"},  # an import may have none left
    "retry_import_rejects_by_file": {"not_a_rejects_file"},
    "replace_budget": {"key_fixed"},  # any budget is named, the one of the example or another
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


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_the_first_and_the_last_month_that_can_be_asked_for_crash_nothing(
    company: LiveServices, service: str
) -> None:
    """They are looked at as every other month is: with the months before them and after them."""
    place = place_of(company, service)
    crashed, asked = [], 0
    for template, here in place.paths.items():
        wanted = place.wanted("GET", template) if "get" in here else None
        months = [
            each["name"] for each in here.get("get", {}).get("parameters", []) if _is_month(each)
        ]
        if wanted is None or not months:
            continue
        for month in ("1900-01", "2999-12"):
            query = {**wanted.query, **dict.fromkeys(months, month)}
            for names in ([months[0]], months[1:], months):
                some = {name: value for name, value in query.items()
                        if name not in months or name in names}  # fmt: skip
                status, answer = place.send(
                    "GET", template.format(**wanted.path), wanted._replace(query=some)
                )
                asked += 1
                if status >= 500:
                    crashed.append((template, some, answer))
    assert crashed == []
    assert asked > 20, asked


def _is_month(parameter: Json) -> bool:
    schema = parameter["schema"]
    return PERIOD_PATTERN in [each.get("pattern") for each in (schema, *schema.get("anyOf", ()))]


def _refusals(status: int, answer: Json) -> list[Json]:
    """The problem, or those of the items of a bulk."""
    if status >= 400:
        return [answer]
    results = answer.get("results") if isinstance(answer, dict) else None
    return [each["error"] for each in results or () if each.get("error")]
