"""Each command that changed something has its one event in the trail, whatever it changed."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.database import new_session
from shared.ids import new_id
from tests.contract.documented_requests import Json, Place, Wanted, place_of
from tests.contract.furnished_company import furnish
from tests.running import SERVICES, LiveServices

ORDER = ("POST", "PUT", "PATCH", "DELETE")
OF_SERVICES = {"receive_event"}
"""What a service hands over: the trail of the service that it comes from tells of it."""

OF_SEVERAL_THINGS = {"create_mapping", "issue_statements"}
"""One event for each thing: the draft that was made for the mapping, every bill."""


@pytest.fixture(scope="module")
def company(services: LiveServices) -> LiveServices:
    furnish(services)
    return services


def events_of(correlation_id: str) -> list[tuple[str, str]]:
    """What the trail says of one request; its job carries the same id."""
    with new_session() as session:
        rows = session.execute(
            text(
                "select action, resource_type from audit_event where correlation_id = :id"
                " order by id"
            ),
            {"id": correlation_id},
        )
        return [(action, kind) for action, kind in rows]


def send(place: Place, method: str, template: str, wanted: Wanted) -> tuple[int, str]:
    """The status of a documented request and the correlation id that it was sent with."""
    correlation_id = str(new_id())
    headers = {**wanted.headers, "X-Correlation-ID": correlation_id}
    sent = wanted._replace(headers=headers)
    status, _ = place.send(method, template.format(**wanted.path), sent)
    return status, correlation_id


def has_a_job(operation: Json) -> bool:
    """A job tells of its end as well, and may have ended by now."""
    return "202" in operation["responses"]


def seen_at(place: Place, template: str, wanted: Wanted) -> Any:
    """What a command is about, as it reads now: it may be so already as it is wanted."""
    whole, _, last = template.rpartition("/")
    path = template if last.startswith("{") else whole
    return place.send("GET", path.format(**wanted.path))[1] if "{" in path else None


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_every_command_that_is_accepted_has_one_event(company: LiveServices, service: str) -> None:
    place = place_of(company, service)
    commands = [
        (method.upper(), path, operation)
        for path, here in place.paths.items()
        for method, operation in here.items()
        if method.upper() in ORDER
    ]
    commands.sort(key=lambda each: (ORDER.index(each[0]), each[1].count("{")))
    seen, wrong = 0, []
    for method, template, operation in commands:
        wanted = place.wanted(method, template)
        if wanted is None or operation["operationId"] in OF_SERVICES:
            continue
        before = seen_at(place, template, wanted)
        status, correlation_id = send(place, method, template, wanted)
        if status >= 300:
            continue
        events = events_of(correlation_id)
        seen += 1
        several = operation["operationId"] in OF_SEVERAL_THINGS or has_a_job(operation)
        if operation.get("x-stores-nothing"):
            is_right = not events
        elif not events:
            is_right = before is not None and before == seen_at(place, template, wanted)
        else:
            is_right = several or len(events) == 1
        if not is_right:
            wrong.append((operation["operationId"], status, events))
    assert wrong == [], "\n".join(map(str, wrong))
    assert seen > 0.6 * len(commands), (seen, len(commands))
