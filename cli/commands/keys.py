"""`btim key create|list|rotate|revoke`: API keys, over HTTP."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.options import AsJson, DataDir, KeyFile, show
from cli.data_folder import DEFAULT

key = typer.Typer(help="API keys of people, robots and services.", no_args_is_help=True)


@key.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="For example ingest:write; may be repeated.")],
    subject: Annotated[str | None, typer.Option(help="Who acts with it; else the name.")] = None,
    consumer: Annotated[
        list[str] | None, typer.Option(help="Bind the key to this consumer's subtree; repeatable.")
    ] = None,
    expires_at: Annotated[datetime | None, typer.Option(help="UTC; else it never expires.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the key to this 0600 file.")] = None,
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; its text is shown this once, or written to --out."""
    from cli.calling import connect

    body = {
        "name": name,
        "subject": subject or name,
        "scopes": scope,
        "consumers": consumer or None,
        "expires_at": None if expires_at is None else f"{expires_at.isoformat()}Z",
    }
    with connect(data_dir, key_file) as system:
        made = system.allocation.request("POST", "/v1/api-keys", body=body).json()
    _hand_over(made, out, as_json=as_json)


@key.command("rotate")
def rotate(
    key_id: Annotated[str, typer.Argument(help="The id that `list` shows.")],
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, help="How long the former secret still works.")
    ] = 24,
    out: Annotated[Path | None, typer.Option(help="Write the key to this 0600 file.")] = None,
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret; it is shown this once, or written to --out."""
    from cli.calling import connect

    body = {"overlap_seconds": round(overlap_hours * 3600)}
    with connect(data_dir, key_file) as system:
        path = f"/v1/api-keys/{key_id}/rotate"
        made = system.allocation.request("POST", path, body=body).json()
    _hand_over(made, out, as_json=as_json)


def _hand_over(made: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    """Show a new key this once, or write it to a file that only its owner reads."""
    if out is not None:
        out.touch(mode=0o600)
        out.chmod(0o600)
        out.write_text(made.pop("key") + "\n")
        made["key_file"] = str(out)
    lines = [f"id   {made['id']}", f"key  {made.get('key', made.get('key_file'))}"]
    if "previous_until" in made:
        lines.append(f"the former secret works until {made['previous_until']}")
    show(made, as_json=as_json, lines=lines)


@key.command("list")
def list_keys(
    data_dir: DataDir = DEFAULT, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """All keys without their secrets."""
    from cli.calling import connect

    with connect(data_dir, key_file) as system:
        keys = list(system.allocation.walk("/v1/api-keys"))
    lines = [
        f"{each['id']}  {each['prefix']}  {'revoked' if each['revoked_at'] else 'live':<8}"
        f"{each['last_used_at'] or 'never used':<28}{each['name']:<20} {' '.join(each['scopes'])}"
        for each in keys
    ]
    show({"items": keys}, as_json=as_json, lines=lines)


@key.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `list` shows.")],
    data_dir: DataDir = DEFAULT,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key useless at once."""
    from cli.calling import connect

    with connect(data_dir, key_file) as system:
        system.allocation.request("DELETE", f"/v1/api-keys/{key_id}", headers={"If-Match": "*"})
    show({"revoked": key_id}, as_json=as_json, lines=[f"revoked {key_id}"])
