"""`btim migrate` and `btim audit verify`: what needs the database itself."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import AsJson, DataDir, show
from cli.data_folder import DEFAULT, DataFolder
from cli.exit_codes import ExitCode

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)


def migrate(data_dir: DataDir = DEFAULT, as_json: AsJson = False) -> None:
    """Bring the schema to its newest version and make missing keys; safe to repeat."""
    from alembic import command

    from cli.postgres.database_access import database_of

    with database_of(data_dir):
        from shared.access.api_keys import write_all_key_files
        from shared.database import in_transaction
        from shared.postgres.migrations import alembic_config, newest_revision
        from shared.settings import get_settings

        command.upgrade(alembic_config(), "head")
        with in_transaction() as session:
            key_file = write_all_key_files(session, get_settings().secrets_dir)
        revision = newest_revision()
    show(
        {"revision": revision, "admin_key_file": str(key_file)},
        as_json=as_json,
        lines=[f"schema      {revision}", f"admin key   {key_file}"],
    )


@audit.command("verify")
def verify(
    data_dir: DataDir = DEFAULT,
    heads: Annotated[Path | None, typer.Option(help="Folder of signed heads")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the audit trail's chain, compare signed heads; exit code 1 when it is broken."""
    from cli.postgres.database_access import database_of

    with database_of(data_dir):
        from shared.audit import trail, verification
        from shared.database import in_transaction
        from shared.settings import get_settings

        kept = (
            heads or get_settings().audit_heads_dir or DataFolder(data_dir.absolute()).audit_heads
        )
        with in_transaction() as session:
            breaks = verification.verify_and_note(session, kept)
            position, last_hash = trail.head(session)
    show(
        {"whole": not breaks, "breaks": breaks, "position": position, "hash": last_hash},
        as_json=as_json,
        lines=breaks or [f"the audit trail is whole; link {position} is {last_hash}"],
    )
    if breaks:
        raise typer.Exit(ExitCode.FAILED)


@audit.command("head")
def head(data_dir: DataDir = DEFAULT, as_json: AsJson = False) -> None:
    """The last link of the audit trail, signed: keep it elsewhere to find a rewrite."""
    from cli.postgres.database_access import database_of

    with database_of(data_dir):
        from shared.audit import heads, trail
        from shared.database import in_transaction

        with in_transaction() as session:
            position, last_hash = trail.head(session)
            signed = heads.signed_head(session)
    show(
        {"position": position, "hash": last_hash, "signed": signed},
        as_json=as_json,
        lines=[f"position    {position}", f"hash        {last_hash}", f"signed      {signed}"],
    )
