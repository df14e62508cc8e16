"""`btim import`, `btim run`, `btim report`: the three things people and robots order, over HTTP."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import AsJson, DataDir, KeyFile, Language, progress_bar, show
from cli.data_folder import DEFAULT


class ImportKind(StrEnum):
    """What a file holds."""

    LEDGER = "ledger"
    BUDGET = "budget"
    FOCUS = "focus"
    ASSETS = "assets"
    CONSUMERS = "consumers"
    DRIVERS = "drivers"
    EXCHANGE_RATES = "exchange_rates"
    TICKETS = "tickets"
    KPI_OBSERVATIONS = "kpi_observations"


class ReportFormat(StrEnum):
    """What a report is written as."""

    XLSX = "xlsx"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    kind: Annotated[ImportKind, typer.Option(help="What the file holds.")],
    profile: Annotated[str | None, typer.Option(help="Code of the column profile.")] = None,
    period: Annotated[str | None, typer.Option(help="YYYY-MM for all rows.")] = None,
    scenario: Annotated[str | None, typer.Option()] = None,
    source: Annotated[str | None, typer.Option(help="Rows are known within their source.")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    control_totals: Annotated[str | None, typer.Option(help="Expected totals as JSON.")] = None,
    max_reject_share: Annotated[str | None, typer.Option()] = None,
    replace: Annotated[str | None, typer.Option(help="none or billing_period.")] = None,
    mode: Annotated[str | None, typer.Option(help="upsert or replace (drivers).")] = None,
    focus_cost: Annotated[str | None, typer.Option(help="EffectiveCost, BilledCost ...")] = None,
    restate: Annotated[
        str | None, typer.Option(help="Reason for changing a closed period.")
    ] = None,
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Import a file; the same file again loads nothing and answers the first import."""
    from cli.calling import connect, order

    form = {
        "kind": kind.value,
        "profile": profile,
        "period": period,
        "scenario": scenario,
        "source": source,
        "currency": currency,
        "control_totals": control_totals,
        "max_reject_share": max_reject_share,
        "replace": replace,
        "mode": mode,
        "focus_cost": focus_cost,
        "restate": restate,
    }
    given = {name: value for name, value in form.items() if value is not None}
    with (
        connect(data_dir, key_file) as system,
        file.open("rb") as content,
        progress_bar(file.name, hidden=as_json) as progress,
    ):
        made = order(
            system.ingest,
            "/v1/imports",
            "/v1/imports",
            progress,
            form=given,
            files={"file": (file.name, content)},
        )
    rows = "  ".join(f"{name} {count}" for name, count in made["rows"].items())
    lines = [f"import {made['id']}  {made['status']}", rows]
    lines += [f"{each['currency']}  accepted {each['accepted']}" for each in made["amounts"]]
    show(made, as_json=as_json, lines=lines)


def run(
    period: Annotated[str, typer.Argument(help="YYYY-MM")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the run's amounts.")],
    scenario: Annotated[str, typer.Option()] = "actual",
    reason: Annotated[str | None, typer.Option(help="Why, for a restatement.")] = None,
    on_missing_rate: Annotated[str, typer.Option(help="refuse or set_aside.")] = "refuse",
    publish: Annotated[bool, typer.Option(help="Publish the run when it is done.")] = False,
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Allocate a period with the published model."""
    from cli.calling import connect, order

    body: dict[str, Any] = {
        "period": period,
        "scenario": scenario,
        "currency": currency,
        "on_missing_rate": on_missing_rate,
    }
    if reason is not None:
        body["reason"] = reason
    with (
        connect(data_dir, key_file) as system,
        progress_bar(f"run {period}", hidden=as_json) as progress,
    ):
        made = order(system.allocation, "/v1/runs", "/v1/runs", progress, body=body)
        if publish:
            system.allocation.request("POST", f"/v1/runs/{made['id']}/publish", body={})
            made = system.allocation.request("GET", f"/v1/runs/{made['id']}").json()
    totals = made["totals"]["cost"]
    lines = [f"run {made['id']}  {made['status']}"]
    lines += [f"{name:<13}{amount:>24}" for name, amount in totals.items()]
    show(made, as_json=as_json, lines=lines)


def report(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="cost-value-distribution ...")],
    period: Annotated[str, typer.Option(help="YYYY-MM")],
    file_format: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.XLSX,
    language: Language = "en",
    out: Annotated[
        Path | None, typer.Option(help="File to write; else TYPE-PERIOD.FORMAT.")
    ] = None,
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Order a report, wait for it and write its file."""
    from cli.calling import connect, order

    body = {"type": kind, "period": period, "format": file_format.value, "language": language}
    with (
        connect(data_dir, key_file, language) as system,
        progress_bar(f"{kind} {period}", hidden=as_json) as progress,
    ):
        made = order(system.valuation, "/v1/reports", "/v1/reports", progress, body=body)
        content = system.valuation.request("GET", f"/v1/reports/{made['id']}/content").content
    target = out or Path(f"{kind}-{period}.{file_format.value}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    show({**made, "file": str(target)}, as_json=as_json, lines=[f"{target} ({len(content)} bytes)"])
