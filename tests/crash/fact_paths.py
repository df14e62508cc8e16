"""Facts go in: pushed in bulk, uploaded, mended, taken back."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from tests.crash.accounts import Line, Value
from tests.crash.calling import Caller
from tests.crash.traffic import Robot, WritePath

PERIOD = "2026-01"
LINES_A_PUSH = 10
LINES_A_FILE = 60
Item = dict[str, Any]


def a_push(
    service: str,
    collection: str,
    count: int,
    item_of: Callable[[str, Decimal], Item],
    line_of: Callable[[dict[str, str]], Line],
) -> WritePath:
    """Bulks of new things, each named and with an amount; read back as the list's CSV."""
    prefix = collection[:3]

    def act(robot: Robot) -> None:
        name = f"{prefix}{robot.next_number():05}"
        lines: dict[str, Value] = {
            f"{collection} {name}-{place:02}": robot.amount().copy_abs() + 1
            for place in range(count)
        }
        items = [
            item_of(line.split()[1], amount)
            for line, amount in lines.items()
            if isinstance(amount, Decimal)
        ]
        gives_up = robot.gives_up()
        path = f"/v1/{collection}/bulk"
        answer = robot.caller.post(service, path, {"items": items}, gives_up=gives_up)
        if answer is None:
            robot.accounts.note_doubtful(lines)
        else:
            robot.accounts.note_lines(lines)

    def read(caller: Caller) -> Iterable[Line]:
        for row in caller.listed(service, f"/v1/{collection}"):
            name, value = line_of(row)
            if name.startswith(prefix):
                yield f"{collection} {name}", value

    return WritePath(act, read)


def _cost_line(name: str, amount: Decimal) -> Item:
    return {
        "external_id": name,
        "source": "crash-push",
        "period": PERIOD,
        "amount": format(amount, "f"),
        "currency": "EUR",
        "document": name,
    }


def _quantity(name: str, amount: Decimal) -> Item:
    return {
        "driver": "crash-units",
        "period": PERIOD,
        "target": name,
        "quantity": format(amount, "f"),
    }


def _rate(name: str, amount: Decimal) -> Item:
    number, place = int(name[3:8]), int(name[9:])
    period = f"{2000 + number // 12}-{number % 12 + 1:02}"
    return {
        "period": period, "from": ("USD", "GBP", "CNY", "JPY", "CHF")[place], "to": "EUR",
        "kind": "average", "rate": format(amount, "f"),
    }  # fmt: skip


def _rate_line(row: dict[str, str]) -> Line:
    year, month = row["period"].split("-")
    number = (int(year) - 2000) * 12 + int(month) - 1
    place = ("USD", "GBP", "CNY", "JPY", "CHF").index(row["from"])
    return f"exc{number:05}-{place:02}", Decimal(row["rate"])


def _asset(name: str, amount: Decimal) -> Item:
    return {
        "code": name, "names": {"en": name}, "class": "server", "status": "In use",
        "cost": format(amount, "f"), "currency": "EUR", "purchased_on": "2025-01-01",
        "useful_life_months": 36,
    }  # fmt: skip


def _ticket(name: str, amount: Decimal) -> Item:
    return {
        "number": name, "kind": "incident", "opened_at": "2026-01-05T08:00:00Z",
        "service": format(amount, "f"), "state": "Open",
    }  # fmt: skip


def _observation(name: str, amount: Decimal) -> Item:
    return {
        "kpi": "crash-kpi", "period": PERIOD, "source": name, "value": format(amount, "f")
    }  # fmt: skip


def upload(robot: Robot, rows: dict[str, str]) -> dict[str, Any]:
    """A ledger file, sent until it is answered for."""
    name = next(iter(rows))
    day = robot.dice.randint(1, 28)
    body = "\n".join(f"2026-01-{day:02},{document},{text}" for document, text in rows.items())
    answer: dict[str, Any] = robot.caller.insist(
        "ingest",
        "POST",
        "/v1/imports",
        data={"kind": "ledger", "profile": "crash", "source": "crash-files"},
        files={"file": (f"{name}.csv", f"Date,Document,Amount\n{body}\n".encode())},
        headers={"Idempotency-Key": f"upload-{name}"},
    ).json()
    if "job" in answer:
        robot.accounts.note_job("ingest", answer["job"]["id"])
    return answer


def _file_rows(robot: Robot) -> dict[str, str]:
    name = f"F{robot.next_number():05}"
    return {f"{name}-{row:04}": str(robot.amount()) for row in range(LINES_A_FILE)}


def _lines(rows: dict[str, str]) -> dict[str, Value]:
    return {f"cost-lines {document}": Decimal(amount) for document, amount in rows.items()}


def upload_a_file(robot: Robot) -> None:
    """All of its lines count from the answer on."""
    rows = _file_rows(robot)
    answer = upload(robot, rows)
    robot.accounts.imports[answer["id"]] = len(rows)
    robot.accounts.note_lines(_lines(rows))


def mend_a_file(robot: Robot) -> None:
    """One row cannot be read; it comes in by itself, mended."""
    rows = _file_rows(robot)
    bad = next(iter(rows))
    answer = upload(robot, rows | {bad: "unknown"})
    robot.caller.await_job("ingest", answer)
    path = f"/v1/imports/{answer['id']}/rejects/retry"
    items = [{"row": 2, "values": {"Amount": rows[bad]}}]
    robot.accounts.note_lines(_lines(rows))
    robot.caller.post("ingest", path, {"items": items})


def take_a_file_back(robot: Robot) -> None:
    """Uploaded by mistake: none of its lines counts."""
    rows = _file_rows(robot)
    answer = upload(robot, rows)
    robot.caller.await_job("ingest", answer)
    robot.caller.post("ingest", f"/v1/imports/{answer['id']}/revert", {"reason": "by mistake"})


def read_lines(caller: Caller) -> Iterable[Line]:
    """The lines of the files."""
    for line in caller.listed("ingest", "/v1/cost-lines", source="crash-files"):
        yield f"cost-lines {line['document']}", Decimal(line["amount"])


def read_nothing(_: Caller) -> Iterable[Line]:
    """For paths whose things are read with another's."""
    return ()


PUSHES = [
    a_push(
        "ingest", "cost-lines", LINES_A_PUSH, _cost_line,
        lambda row: (row["document"], Decimal(row["amount"])),
    ),
    a_push(
        "ingest", "driver-quantities", LINES_A_PUSH, _quantity,
        lambda row: (row["target"], Decimal(row["quantity"])),
    ),
    a_push("ingest", "exchange-rates", 5, _rate, _rate_line),
    a_push(
        "ingest", "assets", 3, _asset, lambda row: (row["code"], Decimal(row["cost"])),
    ),
    a_push(
        "ingest", "tickets", LINES_A_PUSH, _ticket,
        lambda row: (row["number"], Decimal(row["service"])),
    ),
    a_push(
        "valuation", "observations", LINES_A_PUSH, _observation,
        lambda row: (row["source"], Decimal(row["value"])),
    ),
]  # fmt: skip
FILES = [
    WritePath(upload_a_file, read_lines),
    WritePath(mend_a_file, read_nothing),
    WritePath(take_a_file_back, read_nothing),
]
