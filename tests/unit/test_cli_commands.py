"""The command line's own rules: exit codes, how amounts are shown, how jobs are followed."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.calling import JobFailedError, connect, follow, order
from cli.data_folder import FolderInUseError
from cli.demo import telling
from cli.demo.oxford_council.company import Company
from cli.exit_codes import ExitCode
from cli.main import _explain
from cli.postgres.binaries import PostgresError
from cli.project import StartError
from shared.clients.base import ServiceClient
from shared.errors import Conflict, Forbidden, RuleBroken, Unauthenticated, Unavailable


class Answer:
    """What a call of the client gives."""

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        self.status_code = status
        self._content = content

    def json(self) -> dict[str, Any]:
        return self._content


class Script(ServiceClient):
    """A client whose answers are written down beforehand."""

    def __init__(self, *answers: Answer) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self.asked: list[str] = []

    def request(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append(f"{method} {path}")
        return next(self._answers)


def a_job(
    status: str, progress: float = 0.0, problem: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"id": "J", "kind": "run", "status": status, "progress": progress, "problem": problem}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (RuleBroken("no"), ExitCode.FAILED),
        (Conflict("no"), ExitCode.FAILED),
        (JobFailedError(a_job("failed")), ExitCode.FAILED),
        (Unavailable("no"), ExitCode.UNREACHABLE),
        (StartError("no"), ExitCode.UNREACHABLE),
        (PostgresError("no"), ExitCode.UNREACHABLE),
        (FolderInUseError("no"), ExitCode.UNREACHABLE),
        (Unauthenticated("no"), ExitCode.REFUSED),
        (Forbidden("no"), ExitCode.REFUSED),
    ],
)
def test_each_expected_failure_has_its_exit_code(failure: Exception, code: ExitCode) -> None:
    assert _explain(failure)[0] == code


def test_an_unexpected_failure_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        _explain(ZeroDivisionError())


def test_a_thing_that_is_there_already_is_answered_without_a_job() -> None:
    client = Script(Answer(200, {"id": "I", "status": "succeeded"}))
    assert order(client, "/v1/imports", "/v1/imports", lambda _: None)["id"] == "I"
    assert client.asked == ["POST /v1/imports"]


def test_ordered_work_is_followed_to_its_end_and_the_thing_itself_is_read() -> None:
    shares: list[float] = []
    client = Script(
        Answer(202, {"id": "R", "job": a_job("queued")}),
        Answer(200, a_job("running", 0.5)),
        Answer(200, a_job("succeeded", 1.0)),
        Answer(200, {"id": "R", "status": "succeeded"}),
    )
    assert order(client, "/v1/runs", "/v1/runs", shares.append)["status"] == "succeeded"
    assert client.asked[-1] == "GET /v1/runs/R"
    assert shares == [0.0, 0.5, 1.0]


def test_a_failed_job_says_what_the_service_says() -> None:
    problem = {"code": "missing_rate", "detail": "no rate from USD to GBP"}
    client = Script(Answer(200, a_job("failed", problem=problem)))
    with pytest.raises(JobFailedError, match="no rate from USD to GBP") as caught:
        follow(client, a_job("running"), lambda _: None)
    assert caught.value.problem["code"] == "missing_rate"


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INGEST_URL", "ALLOCATION_URL", "VALUATION_URL", "KEY_FILE"):
        monkeypatch.delenv(f"BTIM_{name}", raising=False)


@pytest.mark.usefixtures("no_settings")
def test_a_key_is_not_sent_to_a_guessed_address(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nothing runs in"):
        connect(tmp_path, None)


@pytest.mark.usefixtures("no_settings")
def test_without_a_key_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INGEST", "ALLOCATION", "VALUATION"):
        monkeypatch.setenv(f"BTIM_{name}_URL", "http://h")
    with pytest.raises(Unauthenticated, match="cannot be read"):
        connect(tmp_path, None)


@pytest.mark.usefixtures("no_settings")
def test_the_addresses_of_a_running_system_are_used(tmp_path: Path) -> None:
    key = tmp_path / "admin.key"
    key.write_text("btim_x\n")
    addresses = {"ingest": "http://h:1", "allocation": "http://h:2", "valuation": "http://h:3"}
    (tmp_path / "addresses.json").write_text(json.dumps(addresses | {"admin_key_file": str(key)}))
    with connect(tmp_path, None) as system:
        assert (system.ingest._target, system.valuation._target) == ("http://h:1", "http://h:3")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("12937883.62", "12,937,883.62"),
        ("14.97651418586", "14.97651418586"),
        ("0", "0.00"),
        ("-3.5", "-3.50"),
        ("1000000000000000000.000000000000000001", "1,000,000,000,000,000,000.000000000000000001"),
    ],
)
def test_amounts_are_shown_exactly(amount: str, shown: str) -> None:
    assert telling.money(amount) == shown


def test_a_trace_is_shown_with_the_proof_that_it_adds_up() -> None:
    console = Console(record=True, width=140, file=StringIO())
    line = {
        "id": "L",
        "document": "D-1",
        "vendor": "BT",
        "posted_on": "2016-09-06",
        "amount": "9",
        "currency": "GBP",
    }
    trace = {"amount": "10.000001", "rest": "3.000001", "contributions": [{"amount": "7"}]}
    telling.show_trace(console, {"name": "Housing"}, trace, [line])
    assert "the parts add up to 10.000001; difference 0" in console.export_text()


def test_zeros_are_left_out_of_a_reconciliation_unless_nothing_else_is_there() -> None:
    both = [{"label": "lines", "amount": "5"}, {"label": "retained", "amount": "0"}]
    assert telling._side(both) == "lines 5.00"
    assert telling._side(both[1:]) == "retained 0.00"


def test_the_examples_are_there_and_say_what_their_publishers_say() -> None:
    company = Company()
    totals = {order.form["kind"]: order.form.get("control_totals") for order in company.imports}
    assert all(order.path.is_file() for order in company.imports)
    assert json.loads(totals["ledger"] or "") == {
        "rows": 3581,
        "amounts": {"GBP": "12937883.62"},
    }
