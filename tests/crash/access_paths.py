"""Who may come in, and who is told: API keys and webhooks."""

from collections.abc import Iterable

from cli.system.listeners import SERVICES
from tests.crash.accounts import Line
from tests.crash.calling import Caller
from tests.crash.traffic import Robot, WritePath

RARE = "budget.exceeded"
"""An event that this traffic never causes."""


def give_a_key(robot: Robot) -> None:
    """A key for a robot; every second one is revoked again."""
    name = f"crash-{robot.next_number():04}"
    body = {"name": name, "subject": name, "scopes": ["ingest:read"]}
    key = robot.caller.post("allocation", "/v1/api-keys", body)
    robot.accounts.note_lines({f"key {name}": "valid"})
    if robot.dice.random() < 0.5:
        robot.caller.insist("allocation", "DELETE", f"/v1/api-keys/{key['id']}")
        robot.accounts.note_lines({f"key {name}": "revoked"})


def subscribe(robot: Robot) -> None:
    """A webhook of one of the services."""
    service = robot.dice.choice(SERVICES)
    url = f"{robot.hook_url}/{robot.next_number()}"
    robot.caller.post(service, "/v1/webhooks", {"url": url, "events": [RARE]})
    robot.accounts.note_lines({f"webhook {url}": service})


def read_access(caller: Caller) -> Iterable[Line]:
    """Keys that robots made, and webhooks for rare events."""
    for key in caller.walk("allocation", "/v1/api-keys"):
        if key["name"].startswith("crash-"):
            yield f"key {key['name']}", "revoked" if key["revoked_at"] else "valid"
    for service in SERVICES:
        for hook in caller.walk(service, "/v1/webhooks"):
            if hook["events"] == [RARE]:
                yield f"webhook {hook['url']}", service


ACCESS = [WritePath(give_a_key, read_access), WritePath(subscribe, lambda _: ())]
